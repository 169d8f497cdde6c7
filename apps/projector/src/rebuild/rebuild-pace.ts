import { isPlanted } from '@chorda/platform';
import type { LiveView } from '../runner/live-delay.js';

/** What a pace asks of live. */
export interface Live {
  readonly lastMs: number;
  since(fromMs: number): LiveView | undefined;
}

export interface PaceLimits {
  /** So much later may live be because of a rebuild, before the rebuild works less. 0: it never gives way. */
  readonly delayMsMax: number;
  /** Events a second that a rebuild makes however late live is. */
  readonly perSecondMin: number;
}

/** How much of its time a rebuild works, and what live looked like when that was decided. */
export interface PaceView {
  /** 1: all of it. */
  readonly share: number;
  readonly delayMs: number | undefined;
}

/** How long a rebuild rests after a slice, and whether it would have rested longer but for its least rate. */
export interface Rest {
  readonly ms: number;
  readonly isCut: boolean;
}

/** Live counts as alone, and a rebuild may take all it can, when nothing came for so long. */
const quietMs = 10_000;
const tickMs = 500;
const shareFirst = 0.1;
const shareMin = 0.01;
const decrease = 0.7;
const growth = 1.5;
const increase = 0.02;
/** What is usual is looked at anew by holding still: so often, for so long, of which the first part shows what was before. */
const stillEveryMs = 20_000;
const stillMs = 1_500;
const settleMs = 500;
/** More than this is no usual delay but a queue, which must not become what live is measured by. */
const usualMsMax = 500;
/** Live that is so late catches up after an outage: it does not say how much comes. */
const behindMs = 10_000;
/** By how much a rebuild is quicker than live at least, or it would never meet it. */
const aheadOfLive = 1.25;
/** Records of a transaction beside live: small turns of the event loop, and short statements. */
const besideRecordsMax = 1_000;

/**
 * Which part of its time a rebuild works, so that live comes first. As LEDBAT (RFC 6817) does it for transfers in the
 * background, it compares how late live is now with how late it is while the rebuild holds still: that holds whatever
 * machine, load and clocks are.
 *
 * - `alone`: nothing came for live for ten seconds. The rebuild works all the time.
 * - `beside` (entered when something comes): it begins with a tenth, grows by half each tick until live is late for the
 *   first time, and by two hundredths from then on; where live is late it goes down to seven tenths of what it was.
 * - `still` (entered from `beside` when the usual delay of live is not known, or it may take from live and last looked 20 s
 *   ago): it rests, and what live shows meanwhile is its usual delay.
 *
 * However late live is, it makes `perSecondMin` events a second, and more than come: it ends.
 */
export class RebuildPace {
  private mode: 'alone' | 'beside' | 'still' = 'alone';
  private share = 1;
  private isStarting = true;
  private usual: { readonly delayMs: number; readonly atMs: number } | undefined;
  private lookedMs = 0;
  private workedMs = Number.NEGATIVE_INFINITY;
  private stillUntilMs = 0;
  private delayMs: number | undefined;
  private livePerSecond = 0;

  constructor(
    private readonly live: Live,
    private readonly limits: PaceLimits,
    private readonly now: () => number = Date.now,
  ) {}

  get view(): PaceView {
    return { share: this.mode === 'alone' ? 1 : this.share, delayMs: this.mode === 'alone' ? undefined : this.delayMs };
  }

  /** How many events come for live, in all processes. */
  follow(livePerSecond: number): void {
    this.livePerSecond = livePerSecond;
  }

  /** Records of the next transaction, of at most so many. */
  recordsMax(most: number): number {
    const nowMs = this.now();
    // No rebuild worked for a while: what live showed meanwhile is what is usual.
    if (nowMs - this.workedMs > quietMs) this.learnUsual(nowMs, nowMs - quietMs);
    this.workedMs = nowMs;
    this.look();
    return this.view.share === 1 ? most : Math.min(most, besideRecordsMax);
  }

  /** After a slice that took so long, where `lanes` of them are done at once. */
  rest(records: number, workedMs: number, lanes: number): Rest {
    this.workedMs = this.now();
    this.look();
    if (this.mode === 'alone') return { ms: 0, isCut: false };
    if (this.mode === 'still') return { ms: Math.max(0, this.stillUntilMs - this.now()), isCut: false };
    const wantedMs = workedMs * (1 / this.share - 1);
    const mostMs = Math.max(0, (records / this.perSecondMin()) * 1_000 * lanes - workedMs);
    return wantedMs > mostMs ? { ms: mostMs, isCut: true } : { ms: wantedMs, isCut: false };
  }

  private perSecondMin(): number {
    const { perSecondMin } = this.limits;
    const isBehind = this.delayMs !== undefined && this.delayMs > behindMs;
    return isBehind ? perSecondMin : Math.max(perSecondMin, this.livePerSecond * aheadOfLive);
  }

  private look(): void {
    const nowMs = this.now();
    if (this.limits.delayMsMax === 0) return;
    if (nowMs - this.live.lastMs > quietMs) {
      this.mode = 'alone';
      this.delayMs = undefined;
      return;
    }
    if (this.mode === 'alone') this.enterBeside(nowMs);
    if (this.mode === 'still') this.leaveStill(nowMs);
    else if (this.isUsualOld(nowMs)) this.hold(nowMs);
    else if (nowMs - this.lookedMs >= tickMs) this.adapt(nowMs);
  }

  private enterBeside(nowMs: number): void {
    this.mode = 'beside';
    this.share = shareFirst;
    this.isStarting = true;
    this.lookedMs = nowMs;
  }

  /** Where it works all the time and live is quick, there is nothing to be learned by a rest. */
  private isUsualOld(nowMs: number): boolean {
    if (this.usual === undefined) return true;
    const mayTakeFrom = this.share < 1 || Math.abs(this.delayMs ?? 0) > this.limits.delayMsMax;
    return mayTakeFrom && nowMs - this.usual.atMs > stillEveryMs;
  }

  private hold(nowMs: number): void {
    this.mode = 'still';
    this.stillUntilMs = nowMs + stillMs;
  }

  private leaveStill(nowMs: number): void {
    if (nowMs < this.stillUntilMs) return;
    this.learnUsual(nowMs, this.stillUntilMs - stillMs + settleMs);
    // Where nothing came meanwhile, what little comes is measured by the slack alone.
    this.usual = { delayMs: this.usual?.delayMs ?? 0, atMs: nowMs };
    this.mode = 'beside';
    this.lookedMs = nowMs;
  }

  private learnUsual(nowMs: number, fromMs: number): void {
    const seen = this.live.since(fromMs);
    if (seen) this.usual = { delayMs: seen.delayMs, atMs: nowMs };
  }

  private adapt(nowMs: number): void {
    this.delayMs = this.live.since(this.lookedMs)?.delayMs;
    this.lookedMs = nowMs;
    if (this.delayMs !== undefined && this.delayMs > this.lateMs() && !isPlanted('rebuild-gives-no-way')) {
      this.isStarting = false;
      this.share = Math.max(shareMin, this.share * decrease);
    } else {
      this.share = Math.min(1, this.isStarting ? this.share * growth : this.share + increase);
    }
  }

  private lateMs(): number {
    const usualMs = Math.min(this.usual?.delayMs ?? 0, usualMsMax);
    return usualMs + Math.max(this.limits.delayMsMax, usualMs / 2);
  }
}
