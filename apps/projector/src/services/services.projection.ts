import type { AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext } from '../runner/projection.js';

export type ServiceEvent = Extract<
  AnyEvent,
  { readonly type: 'system.health_check' | 'system.resource_usage' | 'system.performance' | 'system.error_alert' }
>;

const servicesTable = defineTable({
  name: 'services_v1',
  key: ['tenant_id', 'service', 'instance'],
  columns: {
    tenant_id: 'text',
    service: 'text',
    instance: 'text',
    status: 'text',
    version: 'text?',
    address: 'text?',
    pid: 'int?',
    shares_process: 'boolean',
    started_at: 'timestamp?',
    last_seen: 'timestamp',
    interval_ms: 'count?',
    cpu_usage: 'double?',
    cpu_count: 'double?',
    memory_usage: 'double?',
    memory_rss_bytes: 'count?',
    memory_limit_bytes: 'count?',
    heap_used_bytes: 'count?',
    heap_limit_bytes: 'count?',
    uptime_ms: 'count?',
    event_loop_usage: 'double?',
    event_loop_delay_p50_ms: 'double?',
    event_loop_delay_p99_ms: 'double?',
    active_agents: 'count?',
    queue_size: 'count?',
    alerts: 'text[]',
    error_count: 'count',
    last_error_code: 'text?',
    last_error_message: 'text?',
    last_error_severity: 'text?',
    last_error_at: 'timestamp?',
  },
});

export type ServiceRow = RowOf<typeof servicesTable.columns>;

/** The registry of services: each instance as it described itself last. */
export const services = defineProjection<ServiceEvent>()({
  name: 'services',
  version: 1,
  topics: ['system.events'],
  table: servicesTable,
  begin: unheardOf,
  evolve: {
    'system.health_check': (row, event, context) => ({
      ...heard(row, event, context),
      status: event.data.status,
      started_at: event.data.started_at ?? row.started_at,
      interval_ms: event.data.interval_ms ?? row.interval_ms,
      cpu_usage: event.data.metrics.cpu_usage,
      memory_usage: event.data.metrics.memory_usage,
      active_agents: event.data.metrics.active_agents,
      queue_size: event.data.metrics.queue_size,
      alerts: event.data.alerts,
    }),
    'system.resource_usage': (row, event, context) => ({
      ...heard(row, event, context),
      cpu_usage: event.data.cpu_usage,
      cpu_count: event.data.cpu_count,
      memory_rss_bytes: event.data.memory_rss_bytes,
      memory_limit_bytes: event.data.memory_limit_bytes,
      heap_used_bytes: event.data.heap_used_bytes,
      heap_limit_bytes: event.data.heap_limit_bytes,
      uptime_ms: event.data.uptime_ms,
    }),
    'system.performance': (row, event, context) => ({
      ...heard(row, event, context),
      event_loop_usage: event.data.event_loop_usage,
      event_loop_delay_p50_ms: event.data.event_loop_delay_p50_ms,
      event_loop_delay_p99_ms: event.data.event_loop_delay_p99_ms,
    }),
    'system.error_alert': (row, event, context) => ({
      ...heard(row, event, context),
      error_count: row.error_count + 1,
      last_error_code: event.data.code,
      last_error_message: event.data.message,
      last_error_severity: event.data.severity,
      last_error_at: context.metadata.timeMs,
    }),
  },
});

/** An instance before it said anything. A service that names no instance has one, the empty name. */
function unheardOf({ data }: ServiceEvent, { metadata }: EventContext): ServiceRow {
  return {
    tenant_id: metadata.tenantId,
    service: data.service,
    instance: data.instance ?? '',
    status: 'unknown',
    version: null,
    address: null,
    pid: null,
    shares_process: false,
    started_at: null,
    last_seen: metadata.timeMs,
    interval_ms: null,
    cpu_usage: null,
    cpu_count: null,
    memory_usage: null,
    memory_rss_bytes: null,
    memory_limit_bytes: null,
    heap_used_bytes: null,
    heap_limit_bytes: null,
    uptime_ms: null,
    event_loop_usage: null,
    event_loop_delay_p50_ms: null,
    event_loop_delay_p99_ms: null,
    active_agents: null,
    queue_size: null,
    alerts: [],
    error_count: 0,
    last_error_code: null,
    last_error_message: null,
    last_error_severity: null,
    last_error_at: null,
  };
}

/** What every report about oneself says. Times may come out of order from a sender; the latest counts as seen. */
function heard(row: ServiceRow, { data }: ServiceEvent, { metadata }: EventContext): ServiceRow {
  return {
    ...row,
    version: data.version ?? row.version,
    address: data.address ?? row.address,
    pid: data.pid ?? row.pid,
    shares_process: data.shares_process,
    last_seen: Math.max(row.last_seen, metadata.timeMs),
  };
}
