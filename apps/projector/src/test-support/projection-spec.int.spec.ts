import type { AnyEvent } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import { describe, expect, it } from 'vitest';
import { insertRows, upsertRows } from '../bulk/bulk-write.js';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { ProjectionOf } from '../runner/projection.js';
import { event, projectionSpec } from './projection-spec.js';

/** The kit itself: it takes what is pure, and catches each way of being impure, with a message that says where. */

const table = defineTable({
  name: 'tallies_v1',
  key: ['tenant_id', 'service'],
  columns: { tenant_id: 'text', service: 'text', checks: 'count', last_alert: 'text?' },
});

type Tallies = typeof table.columns;
type HealthCheck = Extract<AnyEvent, { readonly type: 'system.health_check' }>;

function tally(evolve: (row: RowOf<Tallies>, event: HealthCheck) => RowOf<Tallies>): ProjectionOf<Tallies> {
  return defineProjection<HealthCheck>()({
    name: 'tallies',
    version: 1,
    topics: ['system.events'],
    table,
    begin: ({ data }, { metadata }) => ({
      tenant_id: metadata.tenantId,
      service: data.service,
      checks: 0,
      last_alert: null,
    }),
    evolve: { 'system.health_check': evolve },
  });
}

/** A projection that writes by itself, as one that `defineProjection` does not fit. */
function handMade(apply: ProjectionOf<Tallies>['apply']): ProjectionOf<Tallies> {
  return { name: 'tallies', version: 1, topics: ['system.events'], table, apply };
}

function checked(service: string, alert = 'none') {
  const metrics = { cpu_usage: 0, memory_usage: 0, active_agents: 0, queue_size: 0 };
  return event('system.health_check', { service, status: 'healthy', metrics, alerts: [alert] });
}

const checks = [checked('a'), checked('b'), checked('a'), checked('c'), checked('a'), checked('b')];

function servicesOf(messages: readonly Message[]): readonly string[] {
  return messages.flatMap(({ event: { type, data } }) => (type === 'system.health_check' ? [data.service] : []));
}

function rowOf(service: string, checksSoFar: number): RowOf<Tallies> {
  return { tenant_id: 'default', service, checks: checksSoFar, last_alert: null };
}

const rows = [
  { service: 'c', checks: 1 },
  { service: 'a', checks: 3 },
  { service: 'b', checks: 2 },
];

describe('a spec of a pure projection', () => {
  const given = projectionSpec(
    tally((row, { data }) => ({ ...row, checks: row.checks + 1, last_alert: data.alerts[0] ?? null })),
  );

  it('passes, in whichever order its rows are written', () =>
    given(checks.slice(0, 2)).when(checks.slice(2)).then(rows));

  it('passes for events of several tenants', () =>
    given([checked('a')])
      .when([{ ...checked('a', 'late'), about: { tenant: 'other' } }])
      .then([
        { service: 'a', last_alert: 'none' },
        { tenant_id: 'other', service: 'a', last_alert: 'late' },
      ]));

  it('fails for a wrong column, a missing row and a row too many, and names each', async () => {
    const failing = given(checks).then([
      { service: 'a', checks: 4 },
      { service: 'b', checks: 2 },
      { service: 'd', checks: 1 },
    ]);
    const message = await failing.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message.split('\n')).toEqual([
      'The rows are not as expected:',
      '  {"tenant_id":"default","service":"a"}: checks is 3, not 4',
      '- {"tenant_id":"default","service":"d","checks":1} is missing',
      '+ {"tenant_id":"default","service":"c","checks":1,"last_alert":"none"} should not be there',
    ]);
  });

  it('does not pass by being awaited without its rows', async () => {
    const unended: unknown = given(checks);
    await expect(Promise.resolve(unended)).rejects.toThrow('ends with .then([rows])');
  });

  it('says that `when` changed something where it should not', async () => {
    await expect(
      given(checks)
        .when([checked('a')])
        .thenNothing(),
    ).rejects.toThrow('checks is 4, not 3');
  });
});

/** One row for the whole tenant, though its events lie in several partitions. */
function wholeTenant(
  shared: { readonly shared?: true },
  alertOf: (row: RowOf<Tallies>, event: HealthCheck) => string | null,
) {
  return defineProjection<HealthCheck>()({
    name: 'tallies',
    version: 1,
    topics: ['system.events'],
    table,
    ...shared,
    begin: (_, { metadata }) => ({ tenant_id: metadata.tenantId, service: 'all', checks: 0, last_alert: null }),
    evolve: {
      'system.health_check': (row, sent) => ({ ...row, checks: row.checks + 1, last_alert: alertOf(row, sent) }),
    },
  });
}

const counts = new Map<string, number>();
let clock = 0;

/** Each with the rows that it has when nothing happens to it, and the way in which it is found out. */
const impure: readonly (readonly [string, ProjectionOf<Tallies>, readonly object[], RegExp])[] = [
  [
    'counts in memory',
    handMade(async (tx, messages) => {
      for (const service of servicesOf(messages)) counts.set(service, (counts.get(service) ?? 0) + 1);
      const touched = [...new Set(servicesOf(messages))];
      await upsertRows(
        tx,
        table,
        touched.map((service) => rowOf(service, counts.get(service) ?? 0)),
      );
      return messages.length;
    }),
    rows,
    /come one event a batch:\n .*: checks is 6, not 3/,
  ],
  [
    'counts by batches',
    handMade(async (tx, messages) => {
      const services = servicesOf(messages);
      const tallies = [...new Set(services)].map((service) =>
        rowOf(service, services.filter((other) => other === service).length),
      );
      await upsertRows(tx, table, tallies);
      return messages.length;
    }),
    rows,
    /come one event a batch:\n .*: checks is 1, not/,
  ],
  [
    'asks the clock',
    tally((row) => ({ ...row, checks: row.checks + 1, last_alert: String(clock++) })),
    rows,
    /come one event a batch:\n .*: last_alert is/,
  ],
  [
    'writes outside of the transaction',
    {
      ...handMade((_, messages) => Promise.resolve(messages.length)),
      prepare: async (pool, messages) => {
        for (const service of servicesOf(messages)) {
          await pool.query(
            `INSERT INTO tallies_v1 AS t VALUES ('default', $1, 1) ON CONFLICT (tenant_id, service)
             DO UPDATE SET checks = t.checks + 1`,
            [service],
          );
        }
      },
    },
    rows,
    /come (in batches that bring again|with every event sent twice|with the connection cut)/,
  ],
  [
    'adds rows of events that it has seen',
    handMade(async (tx, messages) => {
      const unseen = servicesOf(messages).filter((service) => !counts.has(`seen ${service}`));
      for (const service of unseen) counts.set(`seen ${service}`, 1);
      await insertRows(
        tx,
        table,
        [...new Set(unseen)].map((service) => rowOf(service, 1)),
      );
      return messages.length;
    }),
    rows.map(({ service }) => ({ service, checks: 1 })),
    /come one event a batch:\n- .* is missing/,
  ],
  [
    'shares rows without saying so',
    wholeTenant({}, () => null),
    [{ service: 'all', checks: 6 }],
    /at the same time; rows that events of several partitions share need `shared: true`/,
  ],
  [
    'goes by the order of events with different keys',
    wholeTenant({ shared: true }, (_, { data }) => data.service),
    [{ service: 'all', checks: 6 }],
    /come .*: last_alert is/s,
  ],
];

describe.each(impure)('a spec of a projection that %s', (_, projection, expected, message) => {
  const given = projectionSpec(projection);
  it('fails and says where', () => expect(given(checks).then(expected)).rejects.toThrow(message));
});

describe('a spec of a projection that shares rows and says so', () => {
  const given = projectionSpec(
    wholeTenant({ shared: true }, (row, { data }) =>
      (data.alerts[0] ?? '') > (row.last_alert ?? '') ? (data.alerts[0] ?? '') : row.last_alert,
    ),
  );
  it('passes', () =>
    given(checks)
      .when([checked('a', 'z')])
      .then([{ service: 'all', checks: 7, last_alert: 'z' }]));
});

/** Guarantee 4: poison in the middle of a hot key, whatever the batch borders are and wherever connections are cut. */
describe('a spec of a projection that cannot apply an event', () => {
  const given = projectionSpec(
    tally((row, { data }) => {
      if (data.alerts.includes('poison')) throw new TypeError('poison is no alert');
      return { ...row, checks: row.checks + 1 };
    }),
  );
  const poison = { ...checked('a', 'poison'), about: { id: 'poison' } };
  const behind = Array.from({ length: 4 }, (_, index) => ({ ...checked('a'), about: { id: `behind-${index}` } }));
  const hot = [...checks, poison, ...behind, checked('b'), checked('c'), checked('b')];

  it('sets it aside with what comes behind it, and applies the others', () =>
    given(hot).thenParks(
      ['poison', 'behind-0', 'behind-1', 'behind-2', 'behind-3'],
      [
        { service: 'a', checks: 3 },
        { service: 'b', checks: 4 },
        { service: 'c', checks: 2 },
      ],
    ));

  it('fails where nobody said so, and names the event and the error', () =>
    expect(given(hot).then([])).rejects.toThrow(/set aside \[poison.*of default\/a TypeError poison is no alert/s));
});
