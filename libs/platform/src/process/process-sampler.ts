import { availableParallelism, totalmem } from 'node:os';
import { monitorEventLoopDelay, performance, type EventLoopUtilization, type IntervalHistogram } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** True figures of this process since the last sample. */
export interface ProcessFigures {
  /** Share of the machine's cores that this process used, 0 to 1. */
  readonly cpuUsage: number;
  readonly cpuCount: number;
  /** Resident memory as a share of what the process may use, 0 to 1. */
  readonly memoryUsage: number;
  /** What the process may use: the container's limit, else the machine's memory. */
  readonly memoryLimitBytes: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** Share of the interval in which the event loop was busy, 0 to 1. */
  readonly eventLoopUsage: number;
  readonly eventLoopDelayP50Ms: number;
  readonly eventLoopDelayP99Ms: number;
  readonly uptimeMs: number;
  /** What the sample covers. */
  readonly intervalMs: number;
}

const resolutionMs = 10;

/** Samples the figures of this process. Apps that share a process each have one; its figures are the process's. */
export class ProcessSampler {
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  private lastCpu = process.cpuUsage();
  private lastNs = process.hrtime.bigint();
  private lastLoop: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.delay.enable();
  }

  sample(): ProcessFigures {
    const nowNs = process.hrtime.bigint();
    const cpu = process.cpuUsage(this.lastCpu);
    const elapsedUs = Math.max(Number(nowNs - this.lastNs) / 1e3, 1);
    const memory = process.memoryUsage();
    const memoryLimitBytes = memoryBytesMax();
    const loop = performance.eventLoopUtilization();
    const figures: ProcessFigures = {
      cpuUsage: shareOf(cpu.user + cpu.system, elapsedUs * availableParallelism()),
      cpuCount: availableParallelism(),
      memoryUsage: shareOf(memory.rss, memoryLimitBytes),
      memoryLimitBytes,
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      eventLoopUsage: performance.eventLoopUtilization(loop, this.lastLoop).utilization,
      eventLoopDelayP50Ms: this.delayMs(50),
      eventLoopDelayP99Ms: this.delayMs(99),
      uptimeMs: Math.round(process.uptime() * 1000),
      intervalMs: Math.round(elapsedUs / 1000),
    };
    this.lastCpu = process.cpuUsage();
    this.lastNs = nowNs;
    this.lastLoop = loop;
    this.delay.reset();
    return figures;
  }

  stop(): void {
    this.delay.disable();
  }

  /** The histogram counts from timer to timer; what is above its own tick is delay. */
  private delayMs(percentile: number): number {
    if (this.delay.count === 0) return 0;
    return Math.max(0, this.delay.percentile(percentile) / 1e6 - resolutionMs);
  }
}

function shareOf(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part / whole));
}

/** The container's limit where there is one. */
function memoryBytesMax(): number {
  const limit = process.constrainedMemory();
  const total = totalmem();
  return limit > 0 && limit < total ? limit : total;
}
