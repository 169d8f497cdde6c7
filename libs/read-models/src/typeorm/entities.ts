import { EntitySchema } from 'typeorm';
import type { ServiceHealthPoint, ServiceInstance } from '../services/services.repository.js';

/** A tenant's row as an entity sees it. */
export type ServiceRecord = ServiceInstance & { readonly tenant_id: string };
export type ServiceHealthRecord = ServiceHealthPoint & {
  readonly tenant_id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
};

const count = {
  from: (value: string | null) => (value === null ? null : Number(value)),
  to: (value: unknown) => value,
};
const optional = { nullable: true } as const;

/**
 * Entities stand on the views, which show the live version of each projection, and are read alone: `synchronize` is
 * off, and only migrations make tables. They are schemas and not decorated classes, so that a process that runs from
 * source needs no decorator support.
 */
export const serviceEntity = new EntitySchema<ServiceRecord>({
  name: 'Service',
  tableName: 'services',
  columns: {
    tenant_id: { type: 'text', primary: true },
    service: { type: 'text', primary: true },
    instance: { type: 'text', primary: true },
    status: { type: 'text' },
    version: { type: 'text', ...optional },
    address: { type: 'text', ...optional },
    pid: { type: 'int', ...optional },
    shares_process: { type: 'boolean' },
    started_at: { type: 'timestamptz', ...optional },
    last_seen: { type: 'timestamptz' },
    interval_ms: { type: 'bigint', transformer: count, ...optional },
    cpu_usage: { type: 'double precision', ...optional },
    cpu_count: { type: 'double precision', ...optional },
    memory_usage: { type: 'double precision', ...optional },
    memory_rss_bytes: { type: 'bigint', transformer: count, ...optional },
    memory_limit_bytes: { type: 'bigint', transformer: count, ...optional },
    heap_used_bytes: { type: 'bigint', transformer: count, ...optional },
    heap_limit_bytes: { type: 'bigint', transformer: count, ...optional },
    uptime_ms: { type: 'bigint', transformer: count, ...optional },
    event_loop_usage: { type: 'double precision', ...optional },
    event_loop_delay_p50_ms: { type: 'double precision', ...optional },
    event_loop_delay_p99_ms: { type: 'double precision', ...optional },
    active_agents: { type: 'bigint', transformer: count, ...optional },
    queue_size: { type: 'bigint', transformer: count, ...optional },
    alerts: { type: 'text', array: true },
    error_count: { type: 'bigint', transformer: count },
    last_error_code: { type: 'text', ...optional },
    last_error_message: { type: 'text', ...optional },
    last_error_severity: { type: 'text', ...optional },
    last_error_at: { type: 'timestamptz', ...optional },
  },
});

export const serviceHealthEntity = new EntitySchema<ServiceHealthRecord>({
  name: 'ServiceHealth',
  tableName: 'service_health',
  columns: {
    tenant_id: { type: 'text', primary: true },
    topic: { type: 'text', primary: true },
    partition: { type: 'int', primary: true },
    offset: { type: 'bigint', primary: true },
    service: { type: 'text' },
    instance: { type: 'text' },
    event_time: { type: 'timestamptz' },
    status: { type: 'text' },
    cpu_usage: { type: 'double precision' },
    memory_usage: { type: 'double precision' },
    active_agents: { type: 'bigint', transformer: count },
    queue_size: { type: 'bigint', transformer: count },
    alerts: { type: 'text', array: true },
  },
});
