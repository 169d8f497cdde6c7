import type { Writable } from 'node:stream';

/** Resolves when what was written has left; false when the stream closed or took longer than `timeoutMs`. */
export function drained(stream: Writable, timeoutMs: number): Promise<boolean> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve(false);
  if (!stream.writableNeedDrain) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (isDrained: boolean) => {
      clearTimeout(timer);
      stream.off('drain', onDrain);
      stream.off('close', onClose);
      resolve(isDrained);
    };
    const onDrain = () => finish(true);
    const onClose = () => finish(false);
    const timer = setTimeout(() => finish(false), timeoutMs);
    stream.once('drain', onDrain);
    stream.once('close', onClose);
  });
}
