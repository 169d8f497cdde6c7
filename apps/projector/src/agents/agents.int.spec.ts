import { describe, it } from 'vitest';
import { event, projectionSpec, type AboutEvent } from '../test-support/projection-spec.js';
import { agents } from './agents.projection.js';

const agent_id = 'AGENT-1';
const of = { agent_id, execution_id: 'exec-1' };
const usage = { prompt_tokens: 100, cached_prompt_tokens: 40, completion_tokens: 20, cost_usd: '0.000125001' };
const ours = 'urn:chorda:demo/agent';
const foreign = 'https://crm.example/agents';
const ms = (time: string) => Date.parse(`2026-11-20T${time}Z`);

const created = event('agent.created', {
  agent_id,
  name: 'Mail reader 1',
  agent_type: 'assistant',
  capabilities: ['TEXT_PROCESSING'],
  tools: ['mailbox.read'],
  model: 'llama',
  config: { temperature: 0.2 },
  definition_version: '3.1',
  instructions: 'Be brief.',
  limits: { turns_max: 3, cost_usd_max: '0.05' },
  memory: { history_messages_max: 7 },
  concurrency_max: 2,
});
const untilReady = [
  created,
  event('agent.initialization_started', { agent_id }),
  event('agent.initialized', { agent_id, initialization_time_ms: 900 }),
  event('agent.validation_started', { agent_id }),
  event('agent.validated', { agent_id, validation_time_ms: 300 }),
  event('agent.ready', { agent_id, reason: 'validated' }, { at: '2026-11-20T12:00:05Z' }),
];
const started = event('agent.execution_started', { ...of, input_data: 1 });
const whole = { ...of, input_data: 1, execution_time_ms: 5_000, usage };

function executed(about: AboutEvent = {}, execution_id = 'exec-1', cost_usd = usage.cost_usd) {
  const data = { ...whole, execution_id, output_data: 2, status: 'completed', usage: { ...usage, cost_usd } } as const;
  return event('agent.executed', data, { source: ours, ...about });
}

function failed(about: AboutEvent = {}) {
  const data = { ...whole, execution_id: 'exec-2', error: 'down', error_code: 'DOWN', status: 'failed' } as const;
  return event('agent.failed', data, { source: foreign, ...about });
}

describe('agents', () => {
  const given = projectionSpec(agents);

  it('are in the state of their last transition, with their definition and version', () =>
    given(untilReady).then([
      {
        agent_id,
        managed: true,
        state: 'READY',
        state_since: ms('12:00:05'),
        version: 6n,
        name: 'Mail reader 1',
        agent_type: 'assistant',
        capabilities: ['TEXT_PROCESSING'],
        tools: ['mailbox.read'],
        config: '{"temperature":0.2}',
        definition_version: '3.1',
        instructions: 'Be brief.',
        limits: '{"execution_time_ms_max":null,"turns_max":3,"tokens_max":null,"cost_usd_max":"0.05"}',
        memory: '{"history_messages_max":7}',
        concurrency_max: 2,
        executions_started: 0,
        cost_usd: '0',
        first_seen: ms('12:00:00'),
        last_active: ms('12:00:05'),
      },
    ]));

  it('count what they ran by their decisions, and what it cost by the facts beside them', () =>
    given([...untilReady, started])
      .when([
        event('agent.turn_recorded', {
          ...of,
          turn: 1,
          model: 'llama',
          output_data: 1,
          finish_reason: 'stop',
          prompt_tokens: 100,
          completion_tokens: 20,
          duration_ms: 1,
        }),
        event('agent.execution_completed', { ...of, execution_time_ms: 5_000 }),
        executed(),
        event('agent.ready', { agent_id, reason: 'execution_ended' }),
        event('agent.execution_started', { agent_id, execution_id: 'exec-2', input_data: 1 }),
        event('agent.execution_failed', {
          agent_id,
          execution_id: 'exec-2',
          execution_time_ms: 7,
          error_code: 'DOWN',
          reason: 'It was down.',
        }),
        executed({}, 'exec-2', '0.2'),
      ])
      .then([
        {
          agent_id,
          state: 'FAILED',
          current_execution_id: null,
          executions_started: 2,
          executions_completed: 1,
          executions_failed: 1,
          execution_time_ms: 5_007,
          turns: 1,
          prompt_tokens: 200,
          cached_prompt_tokens: 80,
          completion_tokens: 40,
          cost_usd: '0.200125001',
          last_error_code: 'DOWN',
          last_error_message: 'It was down.',
          foreign_facts: 0,
        },
      ]));

  it('that are known by facts alone are not managed and have no state', () =>
    given([executed({ source: foreign }), failed({ at: '2026-11-20T13:00:00Z' })]).then([
      {
        agent_id,
        managed: false,
        state: null,
        version: null,
        name: null,
        executions_started: 2,
        executions_completed: 1,
        executions_failed: 1,
        prompt_tokens: 200,
        cost_usd: '0.000250002',
        foreign_facts: 2,
        last_error_code: 'DOWN',
        last_active: ms('13:00:00'),
      },
    ]));

  it('of ours change nothing for a fact of another, which is counted as that', () =>
    given([...untilReady, started])
      .when([failed({ at: '2026-11-20T14:00:00Z' }), executed({ source: foreign, id: 'other' })])
      .then([
        {
          agent_id,
          state: 'EXECUTING',
          current_execution_id: 'exec-1',
          executions_started: 1,
          executions_completed: 0,
          executions_failed: 0,
          cost_usd: '0',
          last_error_code: null,
          foreign_facts: 2,
          last_active: ms('12:00:06'),
        },
      ]));

  it('that become ours begin to count anew, and end with their history kept', () =>
    given([executed({ source: foreign }), ...untilReady])
      .when([
        event('agent.terminated', { agent_id, reason: 'done' }, { at: '2026-11-20T15:00:00Z' }),
        event('agent.deleted', { agent_id }, { at: '2026-11-20T15:01:00Z' }),
      ])
      .then([
        {
          agent_id,
          managed: true,
          state: 'TERMINATED',
          executions_completed: 0,
          foreign_facts: 1,
          cost_usd: '0',
          terminated_at: ms('15:00:00'),
          deleted_at: ms('15:01:00'),
        },
      ]));

  it('stay out of service when a check does not pass, with what it was', () =>
    given(untilReady.slice(0, 4))
      .when([
        event('agent.validation_failed', {
          agent_id,
          checks: [
            { name: 'config', passed: true },
            { name: 'resources', passed: false, detail: 'no memory' },
          ],
          validation_time_ms: 3,
        }),
      ])
      .then([
        {
          agent_id,
          state: 'VALIDATING',
          last_error_code: 'VALIDATION_FAILED',
          last_error_message: 'resources: no memory',
        },
      ]));

  it('that run several executions at once are EXECUTING until the last has ended, and count their own versions', () => {
    const inExecution = { stream: 'execution-AGENT-1/exec-1' };
    return given([
      ...untilReady,
      event('agent.slot_taken', { ...of, running: 1 }),
      event('agent.execution_started', { ...of, input_data: 1 }, inExecution),
      event(
        'agent.turn_started',
        { ...of, turn: 1, attempt: 1, attempt_token: 't', deadline_at: '2026-11-20T12:05:00Z' },
        inExecution,
      ),
      event('agent.slot_taken', { agent_id, execution_id: 'exec-2', running: 2 }),
      event('agent.execution_completed', { ...of, execution_time_ms: 5 }, inExecution),
      event('agent.slot_released', { ...of, status: 'completed', running: 1 }),
    ]).then([{ agent_id, state: 'EXECUTING', version: 9n, executions_started: 1, executions_completed: 1 }]);
  });

  it('say of an incident what waits for a person', () =>
    given([
      ...untilReady,
      event('agent.incident_opened', {
        ...of,
        incident_id: 'i-1',
        turn: 1,
        call_id: 'c-1',
        tool_name: 'pay',
        attempt: 1,
        reason: 'lost',
        opened_at: '2026-11-20T12:00:00Z',
      }),
    ]).then([{ agent_id, last_error_code: 'INCIDENT_OPENED', last_error_message: 'pay: lost' }]));
});
