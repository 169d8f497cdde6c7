import { describe, it } from 'vitest';
import { DayPartitions } from '../runner/day-partitions.js';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { ratesProjection } from './rates.projection.js';

const minute = Date.parse('2026-11-20T12:00:00Z');
const metrics = { cpu_usage: 0, memory_usage: 0, active_agents: 0, queue_size: 0 };
const at = (time: string) => ({ at: `2026-11-20T${time}Z` });
const healthy = (time: string, about: { readonly tenant?: string } = {}) =>
  event('system.health_check', { service: 'a', status: 'healthy', metrics, alerts: [] }, { ...at(time), ...about });
const paused = event(
  'workflow.paused',
  { workflow_id: 'run-1', workflow_name: 'refund', reason: 'asked' },
  at('12:00:30'),
);

describe('rates', () => {
  const given = projectionSpec(ratesProjection(new DayPartitions('rates_v1', Infinity)));

  it('count events of each type by minute, topic and tenant, to the end of the minute', () =>
    given([healthy('12:00:00'), healthy('12:00:59.999')])
      .when([healthy('12:01:00'), paused, healthy('12:00:30', { tenant: 'other' })])
      .then([
        { minute, topic: 'system.events', type: 'system.health_check', events: 2 },
        { minute: minute + 60_000, topic: 'system.events', type: 'system.health_check', events: 1 },
        { minute, topic: 'workflow.events', type: 'workflow.paused', events: 1 },
        { tenant_id: 'other', minute, topic: 'system.events', type: 'system.health_check', events: 1 },
      ]));
});
