import { createWriteStream, openSync, type WriteStream } from 'node:fs';

export type RequestOutcome = 'stop' | 'length' | 'abort' | 'refused' | 'fault' | 'error';

/** One request, when it is over. Times are milliseconds since 1970, on one monotonic clock. No prompt is in it. */
export interface LoggedRequest {
  readonly id: string;
  readonly path: string;
  readonly model: string;
  readonly lora: string | null;
  readonly priority: number;
  readonly is_streamed: boolean;
  readonly sequences: number;
  readonly arrived_ms: number;
  /** The first of its sequences got a slot. */
  started_ms: number | null;
  first_token_ms: number | null;
  finished_ms: number;
  readonly prompt_tokens: number;
  cached_tokens: number;
  generated_tokens: number;
  preemptions: number;
  status: number;
  outcome: RequestOutcome;
  /** The kind of the fault that was made. */
  fault: string | null;
}

/** What waits for a disk that is slow; past it entries are left out of the file, and counted. */
const unwrittenBytesMax = 64 * 1024 * 1024;

/** The last requests in memory, and all of them in a file where one is named: a killed simulator leaves it behind. */
export class RequestLog {
  private hasFileFailed = false;
  private entries: LoggedRequest[] = [];
  private next = 0;
  private dropped = 0;
  private readonly file: WriteStream | undefined;

  constructor(
    private readonly entriesMax: number,
    path: string | undefined,
    private readonly onForgotten: () => void,
    private readonly onUnwritten: () => void,
  ) {
    if (path === undefined) return;
    // Opened here, so that a path that cannot be written is said at the start.
    this.file = createWriteStream(path, { fd: openSync(path, 'a', 0o600) });
    // A disk that is full costs the log, and not the answers.
    this.file.on('error', () => (this.hasFileFailed = true));
  }

  add(entry: LoggedRequest): void {
    this.write(entry);
    if (this.entries.length < this.entriesMax) {
      this.entries.push(entry);
      return;
    }
    this.dropped += 1;
    this.onForgotten();
    if (this.entriesMax === 0) return;
    this.entries[this.next] = entry;
    this.next = (this.next + 1) % this.entriesMax;
  }

  private write(entry: LoggedRequest): void {
    const { file } = this;
    if (file === undefined) return;
    if (this.hasFileFailed || file.writableLength > unwrittenBytesMax) this.onUnwritten();
    else file.write(`${JSON.stringify(entry)}\n`);
  }

  /** How many there were for which the memory has no more room. */
  get droppedCount(): number {
    return this.dropped;
  }

  /** In the order in which they ended. */
  list(): readonly LoggedRequest[] {
    return [...this.entries.slice(this.next), ...this.entries.slice(0, this.next)];
  }

  clear(): void {
    this.entries = [];
    this.next = 0;
    this.dropped = 0;
  }

  async close(): Promise<void> {
    const { file } = this;
    if (file === undefined || this.hasFileFailed) return;
    await new Promise<void>((resolve) => file.end(() => resolve()));
  }
}

/** Wall-clock milliseconds that never go back. */
export function epochMs(monotonicMs = performance.now()): number {
  return performance.timeOrigin + monotonicMs;
}
