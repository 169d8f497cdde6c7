import type { InferenceMetrics } from './inference.metrics.js';
import type { Tokens } from './inference-waits.js';

interface Kept {
  readonly records: Tokens[];
  bytes: number;
}

/** What a record takes beside its chunks. */
const recordBytes = 200;

/**
 * Tokens of the requests that streamed last, for who comes late to one or comes back. The oldest request goes first when
 * there is no more room; its tokens are whole in its outcome.
 */
export class TokenShelf {
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;

  constructor(
    private readonly bytesMax: number,
    private readonly metrics: InferenceMetrics,
  ) {}

  add(key: string, tokens: Tokens): void {
    if (this.bytesMax === 0) return;
    const own = this.kept.get(key) ?? { records: [], bytes: 0 };
    // What an abandoned attempt said is no part of any answer.
    if (tokens.voided_attempt !== null) this.drop(key, own);
    const bytes = recordBytes + tokens.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    own.records.push(tokens);
    own.bytes += bytes;
    this.bytes += bytes;
    this.kept.set(key, own);
    this.makeRoom();
    this.metrics.tokenBytes.set(this.bytes);
  }

  /** In order; empty where nothing is kept of it. */
  of(key: string): readonly Tokens[] {
    return [...(this.kept.get(key)?.records ?? [])];
  }

  private makeRoom(): void {
    for (const [key, own] of this.kept) {
      if (this.bytes <= this.bytesMax) return;
      this.drop(key, own);
      this.kept.delete(key);
      this.metrics.tokensEvicted.inc();
    }
  }

  private drop(_key: string, own: Kept): void {
    this.bytes -= own.bytes;
    own.records.length = 0;
    own.bytes = 0;
  }
}
