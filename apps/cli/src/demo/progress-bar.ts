import cliProgress from 'cli-progress';
import type { Output } from '../command-line/output.js';
import type { Progress } from './sender.js';

export interface ProgressView {
  show(progress: Progress): void;
  end(): void;
}

const lineEveryMs = 5_000;

/** A bar for a person at a terminal; for a log file, a line every few seconds. */
export function progressView(output: Output, total: number): ProgressView {
  return output.interactive ? bar(total) : lines(output, total);
}

function bar(total: number): ProgressView {
  const format = ' {bar} {percentage}%  {value}/{total} acknowledged  {perSecond}/s  {waiting}';
  const view = new cliProgress.SingleBar({ format, hideCursor: true, etaBuffer: 50, stream: process.stderr, fps: 5 });
  const startMs = performance.now();
  view.start(total, 0, { perSecond: 0, waiting: '' });
  return {
    show(progress) {
      const perSecond = Math.round(progress.acknowledged / Math.max(0.001, (performance.now() - startMs) / 1_000));
      view.update(progress.acknowledged, { perSecond, waiting: troubleOf(progress) });
    },
    end: () => view.stop(),
  };
}

function lines(output: Output, total: number): ProgressView {
  let nextMs = performance.now() + lineEveryMs;
  return {
    show(progress) {
      if (performance.now() < nextMs) return;
      nextMs += lineEveryMs;
      output.note(`${progress.acknowledged} of ${total} acknowledged ${troubleOf(progress)}`.trimEnd());
    },
    end: () => undefined,
  };
}

function troubleOf({ refused, repeated, lastUnknown }: Progress): string {
  if (refused > 0) return `${refused} refused`;
  return repeated > 0 ? `${repeated} sent again (${lastUnknown ?? 'no answer'})` : '';
}
