import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { readAsTenant } from '../database/tenant-read.js';

/** One running, or once running, instance of a service, as it described itself last. */
export interface ServiceInstance {
  readonly service: string;
  readonly instance: string;
  readonly status: string;
  readonly version: string | null;
  readonly address: string | null;
  readonly pid: number | null;
  /** Figures of the process are then those of all services in it. */
  readonly shares_process: boolean;
  readonly started_at: Date | null;
  readonly last_seen: Date;
  /** How often it says something; three times that without a word: it is missing. */
  readonly interval_ms: number | null;
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
  readonly alerts: readonly string[];
  readonly error_count: number;
  readonly last_error_code: string | null;
  readonly last_error_message: string | null;
  readonly last_error_severity: string | null;
  readonly last_error_at: Date | null;
}

export interface ServiceHealthPoint {
  readonly service: string;
  readonly instance: string;
  readonly event_time: Date;
  readonly status: string;
  readonly cpu_usage: number;
  readonly memory_usage: number;
  readonly active_agents: number;
  readonly queue_size: number;
  readonly alerts: readonly string[];
}

const instancesMax = 1_000;
const pointsMax = 10_000;

/** Counts and bytes fit a double; `pg` gives bigint as text, so the statement makes them doubles. */
const columns = `service, instance, status, version, address, pid, shares_process, started_at, last_seen,
  interval_ms::float8 AS interval_ms, cpu_usage, cpu_count, memory_usage,
  memory_rss_bytes::float8 AS memory_rss_bytes, memory_limit_bytes::float8 AS memory_limit_bytes,
  heap_used_bytes::float8 AS heap_used_bytes, heap_limit_bytes::float8 AS heap_limit_bytes,
  uptime_ms::float8 AS uptime_ms, event_loop_usage, event_loop_delay_p50_ms, event_loop_delay_p99_ms,
  active_agents::float8 AS active_agents, queue_size::float8 AS queue_size, alerts,
  error_count::float8 AS error_count, last_error_code, last_error_message, last_error_severity, last_error_at`;

/** Reads the registry of services as one tenant. */
export class ServicesRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Instances that said something since `seenSinceMs` (default: ever), the latest first, at most 1000. */
  async list(tenant: TenantId, seenSinceMs = 0): Promise<readonly ServiceInstance[]> {
    return readAsTenant<ServiceInstance>(this.pool, tenant, {
      text: `SELECT ${columns} FROM services WHERE tenant_id = $1 AND last_seen >= $2
         ORDER BY last_seen DESC, service, instance LIMIT ${instancesMax}`,
      parameters: [tenant, new Date(seenSinceMs)],
    });
  }

  /** What an instance said of its health, oldest first, at most 10,000 points of the span. */
  async history(
    tenant: TenantId,
    service: string,
    span: { readonly fromMs: number; readonly toMs: number },
  ): Promise<readonly ServiceHealthPoint[]> {
    return readAsTenant<ServiceHealthPoint>(this.pool, tenant, {
      text: `SELECT service, instance, event_time, status, cpu_usage, memory_usage,
           active_agents::float8 AS active_agents, queue_size::float8 AS queue_size, alerts
         FROM service_health
         WHERE tenant_id = $1 AND service = $2 AND record_time >= $3 AND record_time < $4
         ORDER BY event_time, instance LIMIT ${pointsMax}`,
      parameters: [tenant, service, new Date(span.fromMs), new Date(span.toMs)],
    });
  }
}
