import type { Logger } from '@chorda/kernel';
import type { ServedModel } from '@chorda/read-models';
import { ModelClient } from '../calls/model-client.js';
import type { JsonObject } from '../calls/answer-assembly.js';
import { reserveOf } from '../scheduling/choose-replica.js';
import type { WorkerMetrics } from '../worker-metrics.js';
import { Lane, type LaneOptions } from './lane.js';
import { readServerLoad } from './server-load.js';

export interface ReplicaOptions extends LaneOptions {
  /** vllm, openai, or another. */
  readonly provider: string;
  /** With its `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Left out: those that the server lists. */
  readonly models?: readonly string[];
  /** Takes models that it does not list. */
  readonly takesAnyModel: boolean;
}

const lookEveryMs = 5_000;
const sampleEveryMs = 250;
/** Looks that fail in a row before the server counts as gone. */
const failuresMax = 2;
const lanesMax = 1_000;

/** A server of models: what it serves, whether it answers, and a lane for each model. */
export class Replica {
  readonly client: ModelClient;
  readonly name: string;
  private readonly lanes = new Map<string, Lane>();
  private listed: readonly JsonObject[] | undefined;
  private failures = 0;
  private hasFigures: boolean | undefined;
  private closing = false;
  private timers: NodeJS.Timeout[] = [];

  constructor(
    readonly options: ReplicaOptions,
    private readonly parts: {
      readonly metrics: WorkerMetrics;
      readonly logger: Logger;
      /** More of this model waits for room. */
      readonly isWanted: (model: string) => boolean;
      /** A window has grown, a server has come back, or models became known. */
      readonly onRoom: () => void;
    },
  ) {
    this.client = new ModelClient(options.baseUrl, options.apiKey);
    this.name = new URL(options.baseUrl).host;
  }

  async start(): Promise<void> {
    await this.look();
    this.every(lookEveryMs, () => this.look());
    this.every(sampleEveryMs, () => this.sample());
  }

  async close(): Promise<void> {
    this.closing = true;
    for (const timer of this.timers) clearInterval(timer);
    await this.client.close();
  }

  /** Has said what it serves, and answers. */
  get isUp(): boolean {
    return this.listed !== undefined && this.failures < failuresMax;
  }

  serves(model: string): boolean {
    if (this.options.takesAnyModel) return true;
    const names = this.options.models ?? (this.listed ?? []).map(({ id }) => id);
    return names.includes(model);
  }

  lane(model: string): Lane {
    const known = this.lanes.get(model);
    if (known) return known;
    // Names come from requests where any model is taken.
    if (this.lanes.size >= lanesMax) this.forgetIdle();
    const lane = new Lane(model, this.options);
    this.lanes.set(model, lane);
    return lane;
  }

  served(): readonly ServedModel[] {
    if (!this.isUp) return [];
    return (this.listed ?? []).flatMap(({ id, max_model_len: length, root, parent }) =>
      typeof id === 'string'
        ? [
            {
              provider: this.options.provider,
              replica: this.name,
              model: id,
              maxModelLen: typeof length === 'number' ? length : undefined,
              root: typeof root === 'string' ? root : undefined,
              parent: typeof parent === 'string' ? parent : undefined,
            },
          ]
        : [],
    );
  }

  /** Asked again at once: a call has found that it does not answer. */
  doubt(): void {
    void this.look();
  }

  private async look(): Promise<void> {
    const wasUp = this.isUp;
    try {
      this.listed = await this.client.models();
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      if (this.failures === failuresMax && !this.closing) {
        this.parts.logger.warn('A model server does not answer', { replica: this.name, error });
      }
    }
    this.parts.metrics.replicaUp.set({ replica: this.name }, this.isUp ? 1 : 0);
    if (this.isUp && !wasUp) this.parts.onRoom();
  }

  /** Only while something is under way: an idle server is told nothing and asked nothing. */
  private async sample(): Promise<void> {
    const busy = [...this.lanes.values()].filter(({ inFlight }) => inFlight > 0);
    if (busy.length === 0 || this.hasFigures === false) return;
    const own = busy.map(({ inFlight, called }) => ({ inFlight, called }));
    const page = await this.client.metrics();
    const nowMs = Date.now();
    for (const [index, lane] of busy.entries()) {
      const load = page === undefined ? undefined : readServerLoad(page, lane.model);
      this.hasFigures = load !== undefined;
      this.parts.metrics.figures.set({ replica: this.name }, load ? 1 : 0);
      if (!load) continue;
      const before = lane.window;
      const { inFlight = 0, called = 0 } = own[index] ?? {};
      const sent = {
        ...{ before: inFlight, now: lane.inFlight, reserve: reserveOf(before) },
        called: Math.min(called, lane.called),
      };
      const isCut = lane.control.sample(load, sent, this.parts.isWanted(lane.model), nowMs, lane.serviceMs);
      if (isCut) this.parts.metrics.cuts.inc({ replica: this.name, cause: 'figures' });
      if (lane.window > before) this.parts.onRoom();
    }
    this.showLanes();
  }

  /** Without figures of the server, its answers must do. */
  felt(lane: Lane, firstTokenMs: number | undefined): void {
    if (this.hasFigures || firstTokenMs === undefined) return;
    if (lane.isSlow(firstTokenMs)) {
      if (lane.control.refused(Date.now(), lane.serviceMs)) {
        this.parts.metrics.cuts.inc({ replica: this.name, cause: 'latency' });
      }
    } else lane.control.clean(lane.inFlight, this.parts.isWanted(lane.model));
  }

  private showLanes(): void {
    for (const lane of this.lanes.values()) {
      const labels = { replica: this.name, model: lane.model };
      this.parts.metrics.window.set(labels, lane.window);
      this.parts.metrics.inFlight.set(labels, lane.inFlight);
    }
  }

  private forgetIdle(): void {
    for (const [model, { inFlight }] of this.lanes) if (inFlight === 0) this.lanes.delete(model);
  }

  /** A look that takes longer than the time between two is not joined by another. */
  private every(ms: number, look: () => Promise<void>): void {
    let looking = false;
    const timer = setInterval(() => {
      if (looking || this.closing) return;
      looking = true;
      void look()
        .catch(() => undefined)
        .finally(() => (looking = false));
    }, ms);
    timer.unref();
    this.timers.push(timer);
  }
}
