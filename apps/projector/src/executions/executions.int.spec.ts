import type { OutgoingData } from '@chorda/client';
import type { AnyEvent } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import { migrate } from '@chorda/read-models';
import { freshDatabase } from '@chorda/testing';
import { describe, expect, inject, it } from 'vitest';
import { batchOf, startRunner } from '../runner/runner-harness.spec.js';
import { event, projectionSpec, type AboutEvent, type SpecEvent } from '../test-support/projection-spec.js';
import { writeLog } from '../test-support/spec-event.js';
import { executions } from './executions.projection.js';

const of = { agent_id: 'AGENT-1', execution_id: 'exec-1' };
const usage = { prompt_tokens: 100, cached_prompt_tokens: 40, completion_tokens: 20, cost_usd: '0.000125001' };
/** Beside decisions the engine, here the demo in its place, says the same as a fact. */
const ours = 'urn:chorda:demo/agent';
const foreign = 'https://crm.example/agents';

const started = event(
  'agent.execution_started',
  { ...of, input_data: { ask: 1 }, user_id: 'user-1', session_id: 'session-1', metadata: { workflow_id: 'run-1' } },
  { at: '2026-11-20T12:00:00Z', id: 'started' },
);
const completed = event(
  'agent.execution_completed',
  { ...of, execution_time_ms: 5_000, turns: 2 },
  { at: '2026-11-20T12:00:05Z', id: 'completed' },
);

function executed(data: Partial<OutgoingData<'agent.executed'>> = {}, about: AboutEvent = {}): SpecEvent {
  const given = { ...of, input_data: { ask: 1 }, output_data: { answer: 42 }, execution_time_ms: 5_000 } as const;
  const whole = { ...given, status: 'completed', model: 'llama', usage, ...data } as const;
  return event('agent.executed', whole, { at: '2026-11-20T12:00:06Z', source: ours, id: 'executed', ...about });
}

function failed(about: AboutEvent = {}): SpecEvent {
  const given = { ...of, input_data: null, error: { message: 'down' }, error_code: 'DOWN', execution_time_ms: 7 };
  return event('agent.failed', { ...given, status: 'failed' }, { source: foreign, id: 'failed', ...about });
}

/** As a reader sees a symbol that its schema does not have. */
function withUnknownStatus({ event: told, about }: SpecEvent): SpecEvent {
  return { event: { ...told, data: { ...told.data, status: 'unknown' } } as AnyEvent, about };
}

const minutes = (time: string) => Date.parse(`2026-11-20T${time}Z`);

describe('executions', () => {
  const given = projectionSpec(executions);

  it('are running from their start decision on', () =>
    given([started]).then([
      {
        ...of,
        managed: true,
        status: 'running',
        started_at: minutes('12:00:00'),
        ended_at: null,
        user_id: 'user-1',
        session_id: 'session-1',
        workflow_id: 'run-1',
        input_data: '{"ask":1}',
        start_version: 1n,
        end_version: null,
        source: null,
      },
    ]));

  const opened = event('agent.incident_opened', {
    ...of,
    incident_id: 'i-1',
    turn: 1,
    call_id: 'c-1',
    tool_name: 'pay',
    attempt: 1,
    reason: 'lost',
    opened_at: '2026-11-20T12:00:01Z',
  });
  const settled = (deadline_at: string | null) =>
    event('agent.incident_settled', {
      ...of,
      incident_id: 'i-1',
      call_id: 'c-1',
      resolution: 'completed',
      deadline_at,
    });

  it('are paused by an incident, with what it is about', () =>
    given([started, opened]).then([{ ...of, status: 'paused', reason: 'Incident i-1: lost' }]));

  it('stay paused until the last incident is settled', () =>
    given([started, opened, settled(null)]).then([{ ...of, status: 'paused' }]));

  it('run again when it is settled', () =>
    given([started, opened, settled('2026-11-20T13:00:00Z')]).then([{ ...of, status: 'running', reason: null }]));

  it('have their state from the decision, and payload, tokens and cost from the fact', () =>
    given([started, completed])
      .when([executed()])
      .then([
        {
          ...of,
          managed: true,
          status: 'completed',
          ended_at: minutes('12:00:05'),
          execution_time_ms: 5_000,
          turns: 2,
          output_data: '{"answer":42}',
          model: 'llama',
          prompt_tokens: 100,
          cached_prompt_tokens: 40,
          completion_tokens: 20,
          cost_usd: '0.000125001',
          source: ours,
          fact_is_ours: true,
          foreign_facts: 0,
          end_version: 2n,
        },
      ]));

  it('that only others tell of have the state of the fact, and are not managed', () =>
    given([failed({ at: '2026-11-20T12:00:07Z' })]).then([
      {
        ...of,
        managed: false,
        status: 'failed',
        started_at: minutes('12:00:06.993'),
        ended_at: minutes('12:00:07'),
        error: '{"message":"down"}',
        error_code: 'DOWN',
        cost_usd: null,
        source: foreign,
        foreign_facts: 1,
      },
    ]));

  it('of ours are ended by no fact of another, which is kept and shown with its source', () =>
    given([started])
      .when([failed()])
      .then([{ ...of, status: 'running', ended_at: null, error_code: null, source: foreign, foreign_facts: 1 }]));

  it('show our fact, whatever another said before or after', () =>
    given([started, failed({ id: 'before' }), completed])
      .when([executed(), failed({ id: 'after', at: '2026-11-20T11:00:00Z' })])
      .then([{ ...of, status: 'completed', source: ours, error: null, cost_usd: '0.000125001', foreign_facts: 2 }]));

  it('are told by the earliest of several facts of others', () =>
    given([
      executed({}, { source: foreign, id: 'late', at: '2026-11-20T12:09:00Z' }),
      failed({ at: '2026-11-20T12:08:00Z' }),
    ]).then([{ ...of, status: 'failed', ended_at: minutes('12:08:00'), output_data: null, foreign_facts: 2 }]));

  it('of two agents that use one id stay apart, also with an end that only a newer version knows', () =>
    given([started])
      .when([withUnknownStatus(executed({ agent_id: 'AGENT-2' }, { source: foreign }))])
      .then([
        { ...of, status: 'running', foreign_facts: 0 },
        { ...of, agent_id: 'AGENT-2', status: 'unknown', managed: false },
      ]));
});

/** Each order in which the five may come, of an agent of its own. */
const orders = ordersOf([
  started,
  completed,
  executed(),
  failed(),
  executed({ user_id: 'user-9' }, { source: foreign, id: 'other', at: '2026-11-20T11:59:00Z' }),
]);

describe('an execution', () => {
  it('is the same row in whichever order it is told of', async () => {
    const log = writeLog(orders.flatMap((told, number) => told.map((one) => ofAgent(one, `AGENT-${number}`))));
    const rows = await rowsAfter(log);
    expect(rows).toHaveLength(120);
    for (const row of rows) expect(row).toEqual(rows[0]);
  });
});

function ordersOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, at) => ordersOf(items.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}

function ofAgent({ event: told, about }: SpecEvent, agent: string): SpecEvent {
  const data = { ...told.data, agent_id: agent };
  return { event: { ...told, data } as AnyEvent, about: { ...about, id: `${about.id} of ${agent}` } };
}

/** Without what tells the orders apart by design: the agent, and which of its decisions came first. */
async function rowsAfter(log: readonly Message[]): Promise<readonly object[]> {
  const database = await freshDatabase(inject('stack'));
  try {
    await migrate(database.url);
    const test = await startRunner(database.url, { projections: [executions] });
    for (const messages of Object.values(Object.groupBy(log, ({ record }) => record.partition))) {
      if (messages?.[0] === undefined) continue;
      await test.runner.claim(messages[0].record);
      await test.runner.handleBatch(batchOf(messages));
    }
    const { rows } = await test.pool.query<object>(
      `SELECT to_jsonb(e) - '{agent_id,fact_id,start_version,end_version}'::text[] AS row FROM executions_v1 e`,
    );
    await test.close();
    return rows;
  } finally {
    await database.drop();
  }
}
