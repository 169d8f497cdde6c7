import { jsonText, type InstanceId, type JsonValue, type system } from '@chorda/contracts';
import type { ServiceFigures, ServiceHealth } from './service-figures.js';

/** What every event of a service about itself says. */
export interface ServiceIdentity {
  readonly service: string;
  readonly instance: InstanceId;
  readonly pid: number;
  readonly shares_process: boolean;
  readonly version: string | null;
  readonly address: string | null;
}

/** Something stopped, was parked, or crashed. */
export interface Alert {
  readonly severity: Exclude<system.Severity, 'unknown'>;
  /** Stable UPPER_SNAKE_CASE, for counting and alerting. */
  readonly code: string;
  /** What happened and what to do, without payload. Cut at 1000 characters. */
  readonly message: string;
  /** Without prefix. */
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  readonly eventId?: string;
  readonly details?: { readonly [name: string]: JsonValue };
}

const textCharactersMax = 1_000;
const alertsMax = 20;

export function healthCheck(
  identity: ServiceIdentity,
  figures: ServiceFigures,
  health: ServiceHealth,
  timing: { readonly startedAtMs: number; readonly intervalMs: number },
): system.HealthCheck {
  return {
    type: 'system.health_check',
    data: {
      ...identity,
      status: health.status,
      metrics: {
        cpu_usage: figures.cpuUsage,
        memory_usage: figures.memoryUsage,
        active_agents: figures.activeAgents ?? 0,
        queue_size: figures.queueSize ?? 0,
      },
      alerts: health.alerts.slice(0, alertsMax).map(cut),
      started_at: timing.startedAtMs,
      interval_ms: timing.intervalMs,
    },
  };
}

export function resourceUsage(identity: ServiceIdentity, figures: ServiceFigures): system.ResourceUsage {
  return {
    type: 'system.resource_usage',
    data: {
      ...identity,
      cpu_usage: figures.cpuUsage,
      cpu_count: figures.cpuCount,
      memory_rss_bytes: Math.round(figures.rssBytes),
      memory_limit_bytes: Math.round(figures.memoryLimitBytes),
      heap_used_bytes: Math.round(figures.heapUsedBytes),
      heap_limit_bytes: Math.round(figures.heapLimitBytes),
      disk_free_bytes: figures.diskFreeBytes ?? null,
      uptime_ms: Math.round(figures.uptimeMs),
    },
  };
}

export function performanceOf(identity: ServiceIdentity, figures: ServiceFigures): system.Performance {
  return {
    type: 'system.performance',
    data: {
      ...identity,
      window_ms: Math.max(1, Math.round(figures.intervalMs)),
      event_loop_usage: figures.eventLoopUsage,
      event_loop_delay_p50_ms: figures.eventLoopDelayP50Ms,
      event_loop_delay_p99_ms: figures.eventLoopDelayP99Ms,
      operations: figures.operations ?? [],
    },
  };
}

export function errorAlert(identity: ServiceIdentity, alert: Alert): system.ErrorAlert {
  return {
    type: 'system.error_alert',
    data: {
      ...identity,
      severity: alert.severity,
      code: alert.code,
      message: cut(alert.message),
      topic: alert.topic ?? null,
      partition: alert.partition ?? null,
      offset: alert.offset ?? null,
      event_id: alert.eventId ?? null,
      details: jsonText(alert.details ?? {}),
    },
  };
}

/** Messages of other libraries end in these texts: cut by characters, and never through the middle of one. */
function cut(text: string): string {
  return text.slice(0, textCharactersMax).toWellFormed().replaceAll('\0', '');
}
