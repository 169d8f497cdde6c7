import type { EngineSettings, LiveEngineSettings } from './engine-settings.js';
import { KvCache } from './kv-cache.js';
import { Occupancy } from './occupancy.js';
import { Sequence, tokensAt, type SequenceRequest } from './sequence.js';
import { SequenceHeap } from './sequence-heap.js';

/** Hears what a metric is made of. */
export interface SchedulerObserver {
  onStarted(sequence: Sequence, promptTokens: number, cachedTokens: number, isFirstStart: boolean): void;
  onFirstToken(sequence: Sequence): void;
  /** The gap to the token before, in milliseconds, so many times. */
  onNextTokens(sequence: Sequence, count: number, gapMs: number): void;
  onPreempted(sequence: Sequence): void;
  onFinished(sequence: Sequence): void;
  onAborted(sequence: Sequence): void;
}

export type Admission = 'admitted' | 'max_num_queued_reqs' | 'max_num_queued_tokens';

/**
 * vLLM's scheduler in simulated time: nothing here looks at a clock. Whoever drives it says what time it is; what was
 * due by then happens at its own moment, in order, so that a timer that fires late makes nothing longer.
 *
 * The rules are vLLM's: a waiting sequence starts when there is a slot and room for its blocks; the head of the queue
 * is never overtaken for want of room (only for want of its adapter). A running sequence that finds no block takes it
 * from the last one by rank and arrival, itself included, which goes back to the queue, keeps what it has said, and
 * computes everything anew. What runs is never displaced by a priority.
 */
export class Scheduler {
  readonly cache: KvCache;
  readonly occupancy: Occupancy;
  private settings: EngineSettings;
  private nowMs: number;
  private orders = 0;
  private readonly waiting = new SequenceHeap((a, b) => a.rank < b.rank || (a.rank === b.rank && a.order < b.order));
  private readonly running = new SequenceHeap(
    (a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order),
  );
  private readonly loraUses = new Map<string, number>();
  private deferred = 0;
  private queuedTokens = 0;

  constructor(
    settings: EngineSettings,
    nowMs: number,
    private readonly observer: SchedulerObserver,
  ) {
    this.settings = settings;
    this.nowMs = nowMs;
    // One block is vLLM's null block.
    this.cache = new KvCache(settings.kvBlocks - 1, settings.blockTokens, settings.sharesPrefixes);
    this.occupancy = new Occupancy(nowMs, settings.slots);
  }

  get runningCount(): number {
    return this.running.size;
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Of the waiting: those whose adapter found no place in the batch. */
  get deferredCount(): number {
    return this.deferred;
  }

  get liveSettings(): EngineSettings {
    return this.settings;
  }

  /** When something is due next; undefined: nothing until somebody asks for something. */
  get nextDueMs(): number | undefined {
    return this.running.first()?.dueMs;
  }

  /** Whether so many sequences with prompts of so many tokens would be taken. All of a request, or none. */
  admission(sequences: number, promptTokens: number): Admission {
    const { queuedRequestsMax, queuedTokensMax } = this.settings;
    const queued = this.running.size + this.waiting.size;
    if (queuedRequestsMax > 0 && queued + sequences > queuedRequestsMax) return 'max_num_queued_reqs';
    if (queuedTokensMax > 0 && this.queuedTokens + promptTokens > queuedTokensMax) return 'max_num_queued_tokens';
    return 'admitted';
  }

  /** Puts a sequence into the queue; {@link advance} lets it start. */
  submit(request: SequenceRequest, nowMs: number): Sequence {
    this.advance(nowMs);
    const rank = this.settings.policy === 'priority' ? request.priority : 0;
    const sequence = new Sequence(request, rank, this.nowMs);
    sequence.order = ++this.orders;
    this.queuedTokens += request.promptTokens;
    this.waiting.push(sequence);
    this.startWaiting();
    this.advance(nowMs);
    return sequence;
  }

  /** Whoever asked has left: its slot and blocks are free at once. */
  abort(sequence: Sequence, nowMs: number): void {
    this.advance(nowMs);
    if (sequence.state === 'finished') return;
    if (sequence.state === 'waiting') {
      this.waiting.remove(sequence);
      if (sequence.startedMs === undefined) this.queuedTokens -= sequence.request.promptTokens;
    } else {
      this.settle(sequence, this.nowMs);
      this.leave(sequence);
    }
    sequence.state = 'finished';
    sequence.finishedMs = this.nowMs;
    this.observer.onAborted(sequence);
    this.startWaiting();
    this.advance(nowMs);
  }

  /** Lets everything happen that is due by now. */
  advance(nowMs: number): void {
    for (let first = this.running.first(); first !== undefined && first.dueMs <= nowMs; first = this.running.first()) {
      // Never back: a segment of no length is due at the moment at which it began.
      this.nowMs = Math.max(this.nowMs, first.dueMs);
      this.endSegment(first);
    }
    this.nowMs = Math.max(this.nowMs, nowMs);
  }

  /** Counts the tokens that have come by now although their segment has not ended, for whoever looks at the counters. */
  settleAll(nowMs: number): void {
    this.advance(nowMs);
    for (const sequence of this.running.values()) this.settle(sequence, this.nowMs);
  }

  change(settings: Partial<LiveEngineSettings>, nowMs: number): void {
    this.advance(nowMs);
    this.settings = { ...this.settings, ...settings };
    for (const sequence of [...this.running.values()]) this.replan(sequence);
    this.note();
    this.startWaiting();
    this.advance(nowMs);
  }

  /** What runs goes on at the new pace: its next token comes when it was due, or sooner where that is quicker now. */
  private replan(sequence: Sequence): void {
    this.settle(sequence, this.nowMs);
    const { segment, generated } = sequence;
    const { prefillMs, prefillTokenMs } = this.settings;
    const tokenMs = this.tokenMsNow();
    const dueMs = segment.firstTokenAtMs + (generated - segment.from) * segment.tokenMs;
    const computed = sequence.request.promptTokens - sequence.cachedTokens;
    const afreshMs = generated === 0 ? prefillMs + computed * prefillTokenMs : tokenMs;
    this.running.remove(sequence);
    this.begin(sequence, Math.max(0, Math.min(dueMs - this.nowMs, afreshMs)), tokenMs);
    this.running.push(sequence);
  }

  private endSegment(sequence: Sequence): void {
    this.settle(sequence, this.nowMs);
    if (sequence.generated < sequence.answerTokens) {
      this.goOn(sequence);
    } else {
      this.leave(sequence);
      sequence.state = 'finished';
      sequence.finishedMs = this.nowMs;
      this.observer.onFinished(sequence);
      sequence.request.onFinished(sequence);
    }
    this.startWaiting();
  }

  /** Takes the block of the next token where it needs one, from the last in the order where there is none left. */
  private goOn(sequence: Sequence): void {
    while (!this.cache.grow(sequence)) {
      const last = this.lastRunning();
      this.preempt(last);
      if (last === sequence) return;
    }
    this.running.remove(sequence);
    this.begin(sequence, this.tokenMsNow(), this.tokenMsNow());
    this.running.push(sequence);
  }

  private lastRunning(): Sequence {
    let last: Sequence | undefined;
    for (const sequence of this.running.values()) {
      if (last === undefined || isAfter(sequence, last)) last = sequence;
    }
    if (last === undefined) throw new TypeError('Nobody runs, so nobody can lack a block');
    return last;
  }

  private preempt(sequence: Sequence): void {
    this.settle(sequence, this.nowMs);
    this.leave(sequence);
    sequence.state = 'waiting';
    sequence.preemptions += 1;
    this.observer.onPreempted(sequence);
    // It keeps the place that its arrival gave it, which is before everybody who has never run.
    this.waiting.push(sequence);
    this.note();
  }

  private startWaiting(): void {
    const passedOver: Sequence[] = [];
    for (let first = this.waiting.first(); first !== undefined; first = this.waiting.first()) {
      if (this.running.size >= this.settings.slots) break;
      if (!this.hasPlaceForLora(first)) {
        passedOver.push(first);
        this.waiting.remove(first);
        continue;
      }
      if (!this.start(first)) break;
    }
    for (const sequence of passedOver) this.waiting.push(sequence);
    this.deferred = passedOver.length;
    this.note();
  }

  private hasPlaceForLora({ request: { lora } }: Sequence): boolean {
    return lora === undefined || this.loraUses.has(lora) || this.loraUses.size < this.settings.lorasMax;
  }

  private start(sequence: Sequence): boolean {
    const begun = this.cache.begin(sequence);
    if (begun === undefined) return false;
    this.waiting.remove(sequence);
    const isFirstStart = sequence.startedMs === undefined;
    const { promptTokens, lora } = sequence.request;
    if (isFirstStart) {
      this.queuedTokens -= promptTokens;
      sequence.startedMs = this.nowMs;
      sequence.cachedTokens = Math.min(begun.cachedTokens, promptTokens);
      sequence.createdCacheTokens = begun.createdTokens;
    }
    if (lora !== undefined) this.loraUses.set(lora, (this.loraUses.get(lora) ?? 0) + 1);
    sequence.state = 'running';
    const { prefillMs, prefillTokenMs } = this.settings;
    const computed = sequence.knownTokens - begun.cachedTokens;
    this.observer.onStarted(sequence, promptTokens, begun.cachedTokens, isFirstStart);
    this.begin(sequence, prefillMs + computed * prefillTokenMs, this.tokenMsNow());
    this.running.push(sequence);
    return true;
  }

  /** As many tokens as come without a decision, but one at a time for somebody who watches them come. */
  private begin(sequence: Sequence, firstAfterMs: number, tokenMs: number): void {
    const { blockTokens } = this.settings;
    const left = sequence.answerTokens - sequence.generated;
    const untilNextBlock = sequence.blocks.length * blockTokens - sequence.knownTokens + 1;
    const isWatched = sequence.request.isStreamed && (tokenMs > 0 || firstAfterMs > 0);
    const tokens = isWatched ? Math.min(left, 1) : Math.min(left, untilNextBlock);
    const firstTokenAtMs = this.nowMs + firstAfterMs;
    sequence.segment = { from: sequence.generated, tokens, firstTokenAtMs, tokenMs };
    sequence.dueMs = firstTokenAtMs + Math.max(0, tokens - 1) * tokenMs;
  }

  private tokenMsNow(): number {
    const { tokenMs, fullLoadFactor, slots } = this.settings;
    if (fullLoadFactor === 1 || tokenMs === 0) return tokenMs;
    return tokenMs * (1 + (fullLoadFactor - 1) * Math.min(1, this.running.size / slots));
  }

  private settle(sequence: Sequence, nowMs: number): void {
    const { segment, request } = sequence;
    // The end of a segment is all of it, whatever rounding makes of the moment.
    const here = nowMs >= sequence.dueMs ? segment.tokens : tokensAt(segment, nowMs);
    const generated = segment.from + here;
    const fresh = generated - sequence.generated;
    if (fresh <= 0) return;
    const { generated: before, lastTokenMs } = sequence;
    sequence.generated = generated;
    sequence.lastTokenMs = segment.firstTokenAtMs + (here - 1) * segment.tokenMs;
    if (before === 0) {
      sequence.firstTokenMs = segment.firstTokenAtMs;
      this.observer.onFirstToken(sequence);
    }
    const gaps = before === 0 ? fresh - 1 : fresh;
    if (gaps > 0) {
      const sinceMs = before === 0 ? segment.firstTokenAtMs : (lastTokenMs ?? segment.firstTokenAtMs);
      this.observer.onNextTokens(sequence, gaps, (sequence.lastTokenMs - sinceMs) / gaps);
    }
    request.onTokens(sequence);
  }

  private leave(sequence: Sequence): void {
    this.running.remove(sequence);
    this.cache.release(sequence);
    const { lora } = sequence.request;
    if (lora === undefined) return;
    const uses = (this.loraUses.get(lora) ?? 1) - 1;
    if (uses === 0) this.loraUses.delete(lora);
    else this.loraUses.set(lora, uses);
  }

  private note(): void {
    this.occupancy.set(this.nowMs, this.running.size, this.waiting.size, this.settings.slots);
  }
}

function isAfter(a: Sequence, b: Sequence): boolean {
  return a.rank > b.rank || (a.rank === b.rank && a.order > b.order);
}
