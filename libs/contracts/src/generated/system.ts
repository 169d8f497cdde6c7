// libs/contracts/src/generated/system.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, JsonText, TimestampMs } from '../event.js';
import type { InstanceId } from './ids.js';

/** critical: acknowledged work waits. */
export type Severity = 'unknown' | 'warning' | 'error' | 'critical';

/** degraded: it works with less; unhealthy: it does not do its task. */
export type HealthStatus = 'unknown' | 'healthy' | 'degraded' | 'unhealthy';

/** What the service measures of itself. */
export interface HealthMetrics {
  /** Fraction of the processors that it may use, 0 to 1. */
  readonly cpu_usage: number;
  /** Fraction of the memory that it may use, 0 to 1. */
  readonly memory_usage: number;
  /** Agents that it is executing. */
  readonly active_agents: number;
  /** Items that wait in it. */
  readonly queue_size: number;
}

/** One kind of work. */
export interface OperationPerformance {
  /** http.request, consumer.batch, producer.send, projection.commit, or one of the service's own. */
  readonly name: string;
  /** How many ended in the span. */
  readonly count: number;
  /** How many of these failed. */
  readonly errors: number;
  /** Median duration, milliseconds. */
  readonly latency_p50_ms: number;
  /** 99th percentile of the duration, milliseconds. */
  readonly latency_p99_ms: number;
}

/** Something stopped, was parked, or crashed. */
export type ErrorAlert = Event<
  'system.error_alert',
  {
    /** The service: gateway, projector, or any name that its owner chose. */
    readonly service: string;
    /** How bad it is. */
    readonly severity: Severity;
    /** Stable UPPER_SNAKE_CASE code, for counting and alerting. */
    readonly code: string;
    /** What happened and what to do, in one or two sentences, without payload. */
    readonly message: string;
    /** The topic that it happened on, without prefix. */
    readonly topic: string | null;
    /** Its partition. */
    readonly partition: number | null;
    /** The offset at which it stopped. */
    readonly offset: bigint | null;
    /** The event that it is about. */
    readonly event_id: string | null;
    /** More: any JSON value. */
    readonly details: JsonText | null;
    /** The running instance, new at each start; null from senders that have only one. */
    readonly instance: InstanceId | null;
    /** Process id on its host. */
    readonly pid: number | null;
    /** Whether other services run in the same process, so that figures of the process are shared with them. */
    readonly shares_process: boolean;
    /** Version of the service's code. */
    readonly version: string | null;
    /** Where its HTTP door listens, as a URL; null where it has none. */
    readonly address: string | null;
  }
>;

/** A service says how it is, every few seconds. */
export type HealthCheck = Event<
  'system.health_check',
  {
    /** The service: gateway, projector, or any name that its owner chose. */
    readonly service: string;
    /** How the service is. */
    readonly status: HealthStatus;
    /** Figures of this moment. */
    readonly metrics: HealthMetrics;
    /** What is wrong, a sentence each. */
    readonly alerts: readonly string[];
    /** When the instance started. */
    readonly started_at: TimestampMs | null;
    /** How often the service says so, milliseconds; three times that without a word: it is gone. */
    readonly interval_ms: number | null;
    /** The running instance, new at each start; null from senders that have only one. */
    readonly instance: InstanceId | null;
    /** Process id on its host. */
    readonly pid: number | null;
    /** Whether other services run in the same process, so that figures of the process are shared with them. */
    readonly shares_process: boolean;
    /** Version of the service's code. */
    readonly version: string | null;
    /** Where its HTTP door listens, as a URL; null where it has none. */
    readonly address: string | null;
  }
>;

/** An operator gave up events that a projection had set aside. */
export type ParkedDiscarded = Event<
  'system.parked_discarded',
  {
    /** The service: gateway, projector, or any name that its owner chose. */
    readonly service: string;
    /** The projection. */
    readonly projection: string;
    /** Topic of the events, without prefix. */
    readonly topic: string;
    /** Its partition. */
    readonly partition: number;
    /** Key of the parked sequence, `<tenant>/<subject>`. */
    readonly aggregate_key: string;
    /** Offset of the first event that was given up. */
    readonly first_offset: bigint;
    /** Offset of the last one. */
    readonly last_offset: bigint;
    /** How many were given up. */
    readonly events: number;
    /** Why, in the words of whoever decided. */
    readonly reason: string;
    /** Who decided. An id of a user, key or service. */
    readonly discarded_by: string | null;
    /** The running instance, new at each start; null from senders that have only one. */
    readonly instance: InstanceId | null;
    /** Process id on its host. */
    readonly pid: number | null;
    /** Whether other services run in the same process, so that figures of the process are shared with them. */
    readonly shares_process: boolean;
    /** Version of the service's code. */
    readonly version: string | null;
    /** Where its HTTP door listens, as a URL; null where it has none. */
    readonly address: string | null;
  }
>;

/** How fast a service worked in a span of time. */
export type Performance = Event<
  'system.performance',
  {
    /** The service: gateway, projector, or any name that its owner chose. */
    readonly service: string;
    /** Length of the span, milliseconds; it ends at the event's time. */
    readonly window_ms: number;
    /** Fraction of the span in which the event loop was busy, 0 to 1. */
    readonly event_loop_usage: number;
    /** Median delay of the event loop, milliseconds. */
    readonly event_loop_delay_p50_ms: number;
    /** 99th percentile of that delay, milliseconds. */
    readonly event_loop_delay_p99_ms: number;
    /** Figures per kind of work; kinds that did nothing are left out. */
    readonly operations: readonly OperationPerformance[];
    /** The running instance, new at each start; null from senders that have only one. */
    readonly instance: InstanceId | null;
    /** Process id on its host. */
    readonly pid: number | null;
    /** Whether other services run in the same process, so that figures of the process are shared with them. */
    readonly shares_process: boolean;
    /** Version of the service's code. */
    readonly version: string | null;
    /** Where its HTTP door listens, as a URL; null where it has none. */
    readonly address: string | null;
  }
>;

/** What a service uses of its machine. */
export type ResourceUsage = Event<
  'system.resource_usage',
  {
    /** The service: gateway, projector, or any name that its owner chose. */
    readonly service: string;
    /** Fraction of the processors that it may use, 0 to 1. */
    readonly cpu_usage: number;
    /** Processors that it may use. */
    readonly cpu_count: number;
    /** Resident memory of the process, bytes. */
    readonly memory_rss_bytes: number;
    /** Memory that the process may use, bytes. */
    readonly memory_limit_bytes: number;
    /** JavaScript heap in use, bytes. */
    readonly heap_used_bytes: number;
    /** Largest JavaScript heap, bytes. */
    readonly heap_limit_bytes: number;
    /** Room left where the service keeps data, bytes; null where it keeps none. */
    readonly disk_free_bytes: number | null;
    /** Age of the process, milliseconds. */
    readonly uptime_ms: number;
    /** The running instance, new at each start; null from senders that have only one. */
    readonly instance: InstanceId | null;
    /** Process id on its host. */
    readonly pid: number | null;
    /** Whether other services run in the same process, so that figures of the process are shared with them. */
    readonly shares_process: boolean;
    /** Version of the service's code. */
    readonly version: string | null;
    /** Where its HTTP door listens, as a URL; null where it has none. */
    readonly address: string | null;
  }
>;

/** Every event of area system. */
export type SystemEvent =
  | ErrorAlert
  | HealthCheck
  | ParkedDiscarded
  | Performance
  | ResourceUsage;
