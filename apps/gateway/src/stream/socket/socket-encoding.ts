import type { PlacedEvent, TailEncoding } from '../tail-encoding.js';
import type { TailSignal } from '../tail-session.js';

/**
 * A whole WebSocket message of a server: unmasked, one frame, text. Made here and not by the library for each socket, so
 * that one buffer goes to every client that gets the same.
 */
export function textFrame(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const headBytes = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headBytes + bytes);
  frame[0] = 0x81;
  if (headBytes === 2) frame[1] = bytes;
  else if (headBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(bytes, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(bytes), 2);
  }
  frame.write(text, headBytes, 'utf8');
  return frame;
}

/** Subscriptions that their clients gave the same id get the same bytes. */
export function socketEncoding(id: string): TailEncoding {
  const name = JSON.stringify(id);
  return {
    key: `websocket ${id}`,
    events(events: readonly PlacedEvent[]): Buffer | undefined {
      const frames: Buffer[] = [];
      for (const { event, position } of events) {
        const json = event.json();
        if (json === undefined) continue;
        frames.push(textFrame(`{"kind":"event","id":${name},"position":"${position}","event":${json}}`));
      }
      if (frames.length === 0) return undefined;
      return frames.length === 1 ? frames[0] : Buffer.concat(frames);
    },
    signal(signal: TailSignal, position: string): Buffer {
      const kind = signal.kind === 'open' ? 'subscribed' : signal.kind;
      const reason = 'reason' in signal ? { reason: signal.reason } : {};
      return textFrame(JSON.stringify({ kind, id, position, ...reason }));
    },
  };
}
