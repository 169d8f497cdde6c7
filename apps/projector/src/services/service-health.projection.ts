import type { AnyEvent } from '@chorda/contracts';
import { defineTable } from '../bulk/table.js';
import type { DayPartitions } from '../runner/day-partitions.js';
import { defineHistory } from '../runner/define-history.js';
import type { Projection } from '../runner/projection.js';

type HealthCheck = Extract<AnyEvent, { readonly type: 'system.health_check' }>;

const serviceHealthTable = defineTable({
  name: 'service_health_v1',
  key: ['tenant_id', 'service', 'instance', 'event_time', 'topic', 'partition', 'offset', 'record_time'],
  columns: {
    tenant_id: 'text',
    service: 'text',
    instance: 'text',
    event_time: 'timestamp',
    topic: 'text',
    partition: 'int',
    offset: 'bigint',
    record_time: 'timestamp',
    status: 'text',
    cpu_usage: 'double',
    memory_usage: 'double',
    active_agents: 'count',
    queue_size: 'count',
    alerts: 'text[]',
  },
});

/** What services said of their health over time. */
export function serviceHealth(days: DayPartitions): Projection {
  return defineHistory<HealthCheck>()({
    name: 'service_health',
    version: 1,
    topics: ['system.events'],
    table: serviceHealthTable,
    days,
    type: 'system.health_check',
    row: ({ data }, { metadata, topic, partition, offset, recordTimeMs }) => ({
      tenant_id: metadata.tenantId,
      service: data.service,
      instance: data.instance ?? '',
      event_time: metadata.timeMs,
      topic,
      partition,
      offset,
      record_time: recordTimeMs,
      status: data.status,
      cpu_usage: data.metrics.cpu_usage,
      memory_usage: data.metrics.memory_usage,
      active_agents: data.metrics.active_agents,
      queue_size: data.metrics.queue_size,
      alerts: data.alerts,
    }),
  });
}
