import type { EngineSettings, LiveEngineSettings } from './engine-settings.js';
import { EngineMetrics } from '../metrics/engine-metrics.js';
import type { OccupancyReport } from './occupancy.js';
import { Scheduler, type Admission } from './scheduler.js';
import type { Sequence, SequenceRequest } from './sequence.js';

/** One model's scheduler, driven by the real clock through one timer. */
export class Engine {
  readonly metrics: EngineMetrics;
  private readonly scheduler: Scheduler;
  private timer: NodeJS.Timeout | undefined;
  private timerDueMs = Infinity;

  constructor(model: string, settings: EngineSettings) {
    this.metrics = new EngineMetrics(model, settings);
    this.scheduler = new Scheduler(settings, performance.now(), this.metrics);
  }

  get settings(): EngineSettings {
    return this.scheduler.liveSettings;
  }

  /** Refusals are counted. */
  admission(sequences: number, promptTokens: number): Admission {
    this.scheduler.advance(performance.now());
    const admission = this.scheduler.admission(sequences, promptTokens);
    if (admission !== 'admitted') this.metrics.onRefused(admission);
    return admission;
  }

  submit(request: SequenceRequest): Sequence {
    const sequence = this.scheduler.submit(request, performance.now());
    this.arm();
    return sequence;
  }

  abort(sequence: Sequence): void {
    this.scheduler.abort(sequence, performance.now());
    this.arm();
  }

  change(settings: Partial<LiveEngineSettings>): void {
    this.scheduler.change(settings, performance.now());
    this.arm();
  }

  occupancy(): OccupancyReport {
    this.scheduler.advance(performance.now());
    return this.scheduler.occupancy.report(performance.now());
  }

  resetOccupancy(): void {
    this.scheduler.advance(performance.now());
    this.scheduler.occupancy.reset(performance.now());
  }

  figures() {
    this.scheduler.settleAll(performance.now());
    const { runningCount: running, waitingCount: waiting, deferredCount: deferred, cache } = this.scheduler;
    return { running, waiting, deferred, kvUsage: cache.usage };
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private arm(): void {
    const dueMs = this.scheduler.nextDueMs;
    if (dueMs === undefined || dueMs >= this.timerDueMs) return;
    clearTimeout(this.timer);
    this.timerDueMs = dueMs;
    this.timer = setTimeout(() => this.onTimer(), Math.max(1, Math.ceil(dueMs - performance.now())));
  }

  private onTimer(): void {
    this.timerDueMs = Infinity;
    this.scheduler.advance(performance.now());
    this.arm();
  }
}
