import {
  agentId,
  executionId,
  jsonText,
  sessionId,
  type agent,
  type agentCommand,
  type agentWork,
  type AgentEvent,
  type JsonValue,
} from '@chorda/contracts';
import type { WorkItem } from '../aggregate.js';
import { agentsAggregateWith, type AgentStates } from '../agents/agents.aggregate.js';
import type { AnyAgentCommand } from '../agents/agent-commands.js';
import type { ModelPrices as TurnPrices } from '../agents/budget.js';
import type { KnownAgent } from '../agents/agent.js';
import { plantableAgentRules, plantAgentRules } from '../agents/planted-agents.js';
import { agentStream, executionStream } from '../agents/streams.js';
import { World, type Told } from './world.js';

export const bot = agentId('AGENT-20261121-120000-0001-7F3A');

export const tools: readonly agent.ToolDefinition[] = [
  tool('lookup', { idempotent: true }),
  tool('pay', { idempotent: false }),
  tool('stamp', { idempotent: true, queue: 'workers' }),
];

function tool(name: string, more: Partial<agent.ToolDefinition>): agent.ToolDefinition {
  return { name, description: null, parameters: null, queue: 'tools', idempotent: false, timeout_ms: 10_000, ...more };
}

const names = process.env['CHORDA_PLANT']?.split(',') ?? [];
/** To see that the tests would catch them. */
const planted = plantableAgentRules.filter((bug) => names.includes(bug));

/** Agents in a world without an engine, and what executors would say to them. */
export class AgentsWorld extends World<AgentStates, AnyAgentCommand, AgentEvent> {
  constructor(prices: TurnPrices = {}) {
    super(plantAgentRules(agentsAggregateWith(prices), planted), bot);
  }

  get agent(): KnownAgent {
    const state = this.stateOf(agentStream(bot));
    if (state.state === 'ABSENT') throw new Error('The agent was not created');
    return state;
  }

  execution(id = 'e-1') {
    return this.stateOf(executionStream(bot, executionId(id)));
  }

  running(id = 'e-1') {
    const execution = this.execution(id);
    if (execution.status !== 'running') throw new Error(`${id} is ${execution.status}`);
    return execution;
  }

  create(more: Partial<agentCommand.Create['data']> = {}): Told<AgentEvent> {
    const data: agentCommand.Create['data'] = {
      agent_id: bot,
      name: 'Bot',
      description: null,
      agent_type: 'assistant',
      definition_version: null,
      capabilities: ['TEXT_PROCESSING'],
      tools: tools.map(({ name }) => name),
      model: 'sim',
      instructions: 'Be brief.',
      config: null,
      memory: null,
      limits: null,
      concurrency_max: 3,
      ...more,
    };
    return this.give({ type: 'agent.create', data });
  }

  check(more: Partial<agentCommand.RecordCheck['data']> = {}): Told<AgentEvent> {
    const { check } = this.agent;
    return this.give({
      type: 'agent.record_check',
      data: {
        agent_id: bot,
        phase: check?.phase ?? 'initialization',
        attempt: check?.attempt ?? 1,
        attempt_token: check?.token ?? 'none',
        checks: [],
        tools,
        duration_ms: 5,
        ...more,
      },
    });
  }

  /** A world with an agent that takes executions. */
  static ready(more: Partial<agentCommand.Create['data']> = {}, prices: TurnPrices = {}): AgentsWorld {
    const world = new AgentsWorld(prices);
    world.create(more);
    world.check();
    world.check();
    return world;
  }

  execute(id = 'e-1', more: Partial<agentCommand.Execute['data']> = {}): Told<AgentEvent> {
    return this.give(executeCommand(id, more));
  }

  /** The model's answer to what was asked last. */
  answer(
    output: { readonly content?: JsonValue; readonly tool_calls?: readonly JsonValue[] },
    more: Partial<agentCommand.RecordTurn['data']> = {},
    id = 'e-1',
  ): Told<AgentEvent> {
    const { asking } = this.running(id);
    return this.give({
      type: 'agent.record_turn',
      data: {
        agent_id: bot,
        execution_id: executionId(id),
        turn: asking?.turn ?? 1,
        attempt: asking?.attempt ?? 1,
        attempt_token: asking?.token ?? 'none',
        request_id: null,
        model: 'sim-1',
        output_data: jsonText({ content: output.content ?? null, tool_calls: output.tool_calls ?? [] }),
        finish_reason: output.tool_calls ? 'tool_calls' : 'stop',
        prompt_tokens: 100,
        cached_prompt_tokens: 10,
        completion_tokens: 20,
        cost_usd: '0.001',
        duration_ms: 50,
        ...more,
      },
    });
  }

  failTurn(more: Partial<agentCommand.RecordTurnFailure['data']> = {}, id = 'e-1'): Told<AgentEvent> {
    const { asking } = this.running(id);
    return this.give({
      type: 'agent.record_turn_failure',
      data: {
        agent_id: bot,
        execution_id: executionId(id),
        turn: asking?.turn ?? 1,
        attempt: asking?.attempt ?? 1,
        attempt_token: asking?.token ?? 'none',
        error_code: 'MODEL_OVERLOADED',
        reason: 'The model server is full',
        is_retriable: true,
        retry_after_ms: null,
        duration_ms: 50,
        ...more,
      },
    });
  }

  /** The result of the latest call of a tool. */
  result(name: string, more: Partial<agentCommand.RecordToolResult['data']> = {}, id = 'e-1'): Told<AgentEvent> {
    const call = this.callOf(name, id);
    return this.give({
      type: 'agent.record_tool_result',
      data: {
        agent_id: bot,
        execution_id: executionId(id),
        turn: this.running(id).turns.length,
        call_id: call.id,
        attempt: call.attempt,
        attempt_token: call.token,
        status: 'completed',
        output_data: jsonText('done'),
        error: null,
        duration_ms: 3,
        ...more,
      },
    });
  }

  callOf(name: string, id = 'e-1') {
    const call = this.running(id)
      .turns.flatMap(({ calls }) => calls)
      .findLast((one) => one.name === name);
    if (!call) throw new Error(`${name} was not called`);
    return call;
  }

  cancel(id = 'e-1'): Told<AgentEvent> {
    return this.give({
      type: 'agent.cancel_execution',
      data: { agent_id: bot, execution_id: executionId(id), reason: null },
    });
  }

  settle(resolution: agentCommand.SettleIncident['data']['resolution'], name = 'pay', id = 'e-1'): Told<AgentEvent> {
    const incident = this.callOf(name, id).incident;
    if (incident === null) throw new Error(`${name} is not in doubt`);
    const data = {
      agent_id: bot,
      execution_id: executionId(id),
      incident_id: incident,
      resolution,
      output_data: null,
      reason: null,
    };
    return this.give({ type: 'agent.settle_incident', data });
  }
}

export function executeCommand(id: string, more: Partial<agentCommand.Execute['data']> = {}): agentCommand.Execute {
  return {
    type: 'agent.execute',
    data: {
      agent_id: bot,
      execution_id: executionId(id),
      user_id: null,
      session_id: null,
      input_data: jsonText('Where is parcel 4711?'),
      limits: null,
      metadata: null,
      ...more,
    },
  };
}

export const call = (name: string, given: JsonValue = {}): JsonValue => ({
  id: `model-${name}`,
  name,
  arguments: given,
});

export const inSession = (id: string) => ({ session_id: sessionId(id) });

export const typesOf = (told: Told<AgentEvent>): readonly string[] =>
  told.events.map(({ type }) => type.replace('agent.', ''));

/** Work for a model, the latest. */
export function lastAsked(world: AgentsWorld): agentWork.TurnRequested['data'] {
  const asked = world.work.map(({ work }: WorkItem) => work).findLast(({ type }) => type === 'agent.turn_requested');
  if (!asked) throw new Error('No model was asked');
  return asked.data as agentWork.TurnRequested['data'];
}

export function messagesOf(world: AgentsWorld): readonly JsonValue[] {
  return JSON.parse(lastAsked(world).messages);
}
