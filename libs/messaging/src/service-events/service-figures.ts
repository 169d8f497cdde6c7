import type { system } from '@chorda/contracts';

/** True figures of the process since the last sample; `libs/platform` measures them. Shares are 0 to 1. */
export interface ProcessFigures {
  readonly cpuUsage: number;
  readonly cpuCount: number;
  readonly memoryUsage: number;
  readonly memoryLimitBytes: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly eventLoopUsage: number;
  readonly eventLoopDelayP50Ms: number;
  readonly eventLoopDelayP99Ms: number;
  readonly uptimeMs: number;
  /** What the sample covers. */
  readonly intervalMs: number;
}

/** The process, and what the service measures of its own work; what it does not have is left out. */
export interface ServiceFigures extends ProcessFigures {
  /** Since the last sample; {@link OperationRecorder} counts them. */
  readonly operations?: readonly system.OperationPerformance[];
  readonly activeAgents?: number;
  /** Items that wait in the service. */
  readonly queueSize?: number;
  /** Where the service keeps data. */
  readonly diskFreeBytes?: number;
}

export interface ServiceHealth {
  readonly status: Exclude<system.HealthStatus, 'unknown'>;
  /** What is wrong, a sentence each. */
  readonly alerts: readonly string[];
}

/** The health of a service that only says why it is not ready. */
export function healthOf(notReady: readonly string[]): ServiceHealth {
  return { status: notReady.length === 0 ? 'healthy' : 'unhealthy', alerts: notReady };
}
