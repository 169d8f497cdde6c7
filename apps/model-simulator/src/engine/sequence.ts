/** Why a sequence is over, in vLLM's words; `abort`: whoever asked for it has left. */
export type FinishReason = 'stop' | 'length' | 'abort';

/** What a sequence asks of the engine. Everything the model will say is known before: only the time it takes is not. */
export interface SequenceRequest {
  readonly id: string;
  /** Prompt and answer, one id a token. */
  readonly tokens: Uint16Array;
  readonly promptTokens: number;
  /** Lower goes first, where the scheduling policy is `priority`. */
  readonly priority: number;
  readonly finishReason: 'stop' | 'length';
  /** Names the adapter that must be in the batch with it. */
  readonly lora?: string;
  /** Prefixes are shared only among requests of one salt. */
  readonly cacheSalt?: string;
  /** Tokens are told as they come and not all at the end. */
  readonly isStreamed: boolean;
  /** `generated` of them have come by now. Also told before `submit` has returned: without token times all is at once. */
  onTokens(sequence: Sequence): void;
  onFinished(sequence: Sequence): void;
}

/**
 * A request inside the engine.
 *
 * - waiting: in the queue, new or preempted. Holds no block.
 * - running: has a slot and the blocks of its tokens. `segment` is what it computes until its next event.
 * - finished: answered or aborted. Holds nothing.
 */
export class Sequence {
  state: 'waiting' | 'running' | 'finished' = 'waiting';
  /** Order in the queue, lower first, within its rank. */
  order = 0;
  generated = 0;
  preemptions = 0;
  cachedTokens = 0;
  createdCacheTokens = 0;
  startedMs: number | undefined;
  firstTokenMs: number | undefined;
  lastTokenMs: number | undefined;
  finishedMs: number | undefined;
  /** One key a block: the hash of a shared block, or 0 for one of its own. */
  readonly blocks: number[] = [];
  readonly hashes: number[] = [];
  segment: Segment = { from: 0, tokens: 0, firstTokenAtMs: 0, tokenMs: 0 };
  /** When the running segment ends. */
  dueMs = 0;
  /** Where it stands in the heap that holds it; -1: in none. */
  heapIndex = -1;

  constructor(
    readonly request: SequenceRequest,
    readonly rank: number,
    readonly arrivalMs: number,
  ) {}

  get answerTokens(): number {
    return this.request.tokens.length - this.request.promptTokens;
  }

  get knownTokens(): number {
    return this.request.promptTokens + this.generated;
  }
}

/** Tokens that are computed one after another without anything else to decide. */
export interface Segment {
  /** How many tokens of the answer there were before. */
  readonly from: number;
  readonly tokens: number;
  readonly firstTokenAtMs: number;
  readonly tokenMs: number;
}

/** How many tokens of a segment are there at a moment. */
export function tokensAt({ tokens, firstTokenAtMs, tokenMs }: Segment, nowMs: number): number {
  if (nowMs < firstTokenAtMs) return 0;
  if (tokenMs === 0) return tokens;
  // A token that is due at this very moment is there: without the grain, rounding would lose it now and then.
  return Math.min(tokens, 1 + Math.floor((nowMs - firstTokenAtMs) / tokenMs + 1e-9));
}
