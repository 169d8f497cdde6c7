/**
 * One instance of a service, as it last said of itself. A figure is null where the instance never told it; shares are
 * 0 to 1, times RFC 3339.
 */
export interface ServiceInstance {
  readonly service: string;
  readonly instance: string;
  readonly status: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
  readonly version: string | null;
  readonly address: string | null;
  readonly pid: number | null;
  /** Figures of the process are then those of all services in it. */
  readonly shares_process: boolean;
  readonly started_at: string | null;
  readonly last_seen: string;
  /** How often it says something. */
  readonly interval_ms: number | null;
  /** It has not said anything for three of its intervals; `status` is what it said last. */
  readonly missing: boolean;
  readonly cpu_usage: number | null;
  readonly cpu_count: number | null;
  readonly memory_usage: number | null;
  readonly memory_rss_bytes: number | null;
  readonly memory_limit_bytes: number | null;
  readonly heap_used_bytes: number | null;
  readonly heap_limit_bytes: number | null;
  readonly uptime_ms: number | null;
  readonly event_loop_usage: number | null;
  readonly event_loop_delay_p50_ms: number | null;
  readonly event_loop_delay_p99_ms: number | null;
  readonly active_agents: number | null;
  readonly queue_size: number | null;
  /** What is wrong, a sentence each. */
  readonly alerts: readonly string[];
  readonly error_count: number;
  readonly last_error_code: string | null;
  readonly last_error_message: string | null;
  readonly last_error_severity: string | null;
  readonly last_error_at: string | null;
}

export interface SystemState {
  readonly services: readonly ServiceInstance[];
}
