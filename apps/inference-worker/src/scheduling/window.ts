/** What a server says of itself. */
export interface ServerLoad {
  /** Sequences in its batch, of all who ask. */
  readonly running: number;
  readonly waiting: number;
  /** 0 to 1; undefined: it does not say. */
  readonly kvUsage: number | undefined;
  /** Counted since it started. */
  readonly preemptions: number;
}

/** Sequences of ours that are under way at the server, when its load was asked for and when it was told. */
export interface OwnLoad {
  readonly before: number;
  readonly now: number;
  /** Of these, so many had been asked of the server both times; the others are being begun. */
  readonly called: number;
  /** So many may be under way beyond the window: urgent ones. */
  readonly reserve: number;
}

export interface WindowOptions {
  readonly initial: number;
  readonly max: number;
  /** Of the server's cache; past it the window does not grow. */
  readonly kvUsageMax: number;
}

/** Of what runs; so much may wait at the server, that a slot which becomes free is taken at once. */
const waitingShareMax = 0.03;
/** Of what was asked of the server; less of it has come when a burst is still on its way. */
const arrivedShareMin = 0.97;
/**
 * Of what is under way, has been asked of the server. Where answers are short, beginning a call takes a good part of the
 * time that it takes: as much more has to be under way. Less than this: what begins calls stands still.
 */
const calledShareMin = 0.7;
/** A refusal, or work thrown away for want of memory. */
const cutFactor = 0.7;
/** One sample may catch a burst that the next step of the server takes in. */
const crowdedSamplesMin = 3;
/** Without it a worker that comes late would keep the little that the others left it. */
const probeSamples = 16;
/** The same where less than half of what may wait does. */
const probeSamplesShort = 4;
/** Growth in one sample, once the first limit was met. */
const growthShareMax = 0.25;

/**
 * How many sequences may be under way at one server at a time: as many as it runs at once, and a few that wait, so that
 * its batch is full and its queue, which knows no priorities of ours, is short. Nobody tells that number; it is felt for.
 *
 * - seeking: doubles with each sample that finds the window full and nobody waiting; ends with the first sign of a limit.
 * - steady: grows by one, then by twice as many with each clean sample that follows, up to a quarter at once; where a few
 *   wait, by one now and then.
 * - Cut to 0.7 by a refusal, by preemptions; where more wait than should, by our share of what is too much. At most one
 *   cut in the time of a service: its effect is not seen sooner.
 *
 * Workers that share a server see the same signs: each grows by as much, and the one with more gives up more, so that
 * their shares come together without a word between them.
 */
export class Window {
  private limit: number;
  private step = 1;
  private isSeeking = true;
  private crowded = 0;
  private held = 0;
  private preemptions: number | undefined;
  private restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: WindowOptions) {
    this.limit = options.initial;
  }

  get size(): number {
    return this.limit;
  }

  /**
   * The server refused a request for being full.
   *
   * @param serviceMs How long a request takes there, about.
   */
  refused(nowMs: number, serviceMs: number): boolean {
    return this.cutTo(Math.floor(this.limit * cutFactor), nowMs, serviceMs);
  }

  /**
   * @param isWanted More of ours wait for room.
   * @returns Whether it cut itself.
   */
  sample(load: ServerLoad, sent: OwnLoad, isWanted: boolean, nowMs: number, serviceMs: number): boolean {
    // What was sent and what has ended while the figures were on their way is not in them.
    const own = Math.max(sent.before, sent.now);
    const preempted = this.preemptions !== undefined && load.preemptions > this.preemptions;
    this.preemptions = load.preemptions;
    if (preempted) return this.cutTo(Math.floor(this.limit * cutFactor), nowMs, serviceMs);
    const waitingMax = Math.max(1, Math.floor(load.running * waitingShareMax));
    if (load.waiting > waitingMax) {
      this.hold();
      // What a cut has given up already is still on its way out: it is not given up again.
      this.crowded = own > this.limit + sent.reserve ? 0 : this.crowded + 1;
      if (this.crowded < crowdedSamplesMin) return false;
      const total = Math.max(1, load.running + load.waiting);
      const ours = Math.min(1, own / total) * (load.waiting - Math.ceil(waitingMax / 2));
      // Rounded, so that whoever has little is not the one to give up as much as whoever has the most.
      return this.cutTo(Math.round(Math.min(this.limit, own) - ours), nowMs, serviceMs);
    }
    this.crowded = 0;
    const hasMemory = load.kvUsage === undefined || load.kvUsage < this.options.kvUsageMax;
    if (!hasMemory) this.hold();
    else if (!isWanted || own < this.limit) return false;
    // Nobody waits there because they have not come yet: no sign of room.
    else if (sent.called < Math.min(sent.before, sent.now) * calledShareMin) return false;
    else if (load.running + load.waiting < sent.called * arrivedShareMin) return false;
    else if (load.waiting === 0) this.grow();
    else this.probe(2 * load.waiting < waitingMax ? probeSamplesShort : probeSamples);
    return false;
  }

  /** A server without figures: an answer came as quickly as ever, with the window full. */
  clean(own: number, isWanted: boolean): void {
    if (isWanted && own >= this.limit) this.grow();
  }

  private grow(): void {
    const most = this.isSeeking ? this.limit : Math.min(this.step, Math.ceil(this.limit * growthShareMax));
    this.limit = Math.min(this.options.max, this.limit + Math.max(1, most));
    this.step *= 2;
  }

  private probe(everySamples: number): void {
    this.hold();
    this.held += 1;
    if (this.held % everySamples === 0) this.limit = Math.min(this.options.max, this.limit + 1);
  }

  private hold(): void {
    this.isSeeking = false;
    this.step = 1;
  }

  private cutTo(limit: number, nowMs: number, serviceMs: number): boolean {
    this.hold();
    if (nowMs < this.restsUntilMs) return false;
    this.restsUntilMs = nowMs + serviceMs;
    this.crowded = 0;
    this.limit = Math.max(1, Math.min(this.limit, limit));
    return true;
  }
}
