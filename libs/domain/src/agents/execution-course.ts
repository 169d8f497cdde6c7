import { jsonText, type agentWork, type AgentEvent, type AgentWork, type JsonText } from '@chorda/contracts';
import type { Decision, Given, WorkItem } from '../aggregate.js';
import type { KnownAgent } from './agent.js';
import type { AnyAgentCommand } from './agent-commands.js';
import { reserveTurn, type ModelPrices } from './budget.js';
import { conversation, shown, userMessage } from './conversation.js';
import { executionDefinition, openCalls, type Execution, type RunningExecution } from './execution.js';
import { contextBytesMax, contextInlineBytesMax, leaseMs, turnTimeMsMax } from './limits.js';
import { inlineBytes, messageBytes } from './message-bytes.js';
import type { Said } from './model-answer.js';
import { executionStream } from './streams.js';

export type AgentDecision = Decision<AnyAgentCommand, AgentEvent>;
type RevokedQueue = agentWork.WorkRevoked['data']['queue'];
type GivenHere = Pick<Given<AnyAgentCommand>, 'timeMs' | 'actor' | 'deriveId'> & {
  /** Left out: no model has a price, and limits of cost hold after each turn alone. */
  readonly prices?: ModelPrices;
};

/** Stable codes of executions that end badly; tools and models add their own. */
export type EndCode =
  | 'TIME_LIMIT'
  | 'MAX_TURNS'
  | 'BUDGET_EXHAUSTED'
  | 'CONTEXT_TOO_LARGE'
  | 'LOOP_DETECTED'
  | 'RESULT_INVALID'
  | 'RESULT_EMPTY'
  | 'RESULT_TOO_LARGE'
  | 'CONTENT_FILTERED'
  | 'TOO_MANY_TOOL_CALLS'
  | 'INCIDENT_ABORTED';

/** What a command comes to in one execution: each event is taken into the state at once, so that the next rule sees it. */
export class ExecutionCourse {
  private readonly events: AgentEvent[] = [];
  private readonly facts: AgentEvent[] = [];
  private readonly work: WorkItem<AgentWork>[] = [];
  private readonly followUps: AnyAgentCommand[] = [];

  constructor(
    private state: Execution,
    readonly agent: KnownAgent,
    readonly given: GivenHere,
  ) {}

  /** @throws TypeError where it has ended: no rule goes on then. */
  get running(): RunningExecution {
    if (this.state.status !== 'running') throw new TypeError(`The execution is ${this.state.status}`);
    return this.state;
  }

  get isOver(): boolean {
    return this.state.status !== 'running';
  }

  /** What every event of the execution says first. */
  get ids() {
    const { agentId, executionId } = this.running;
    return { agent_id: agentId, execution_id: executionId };
  }

  add(event: AgentEvent): void {
    this.state = executionDefinition.evolve(this.state, event);
    this.events.push(event);
  }

  /** Decided in the same turn, right after this. */
  follow(command: AnyAgentCommand): void {
    this.followUps.push(command);
  }

  addWork(queue: string, work: AgentWork): void {
    const { agentId, executionId } = this.running;
    this.work.push({ queue, stream: executionStream(agentId, executionId), work });
  }

  /**
   * Takes back what is out: an executor stops in the middle of it, a worker hears of it with its next heartbeat. Each
   * queue is told behind the work itself, so that nobody begins afterwards.
   */
  private revokeWork(reason: string): void {
    const { asking } = this.running;
    const tokens = new Map<RevokedQueue, string[]>();
    if (asking !== null && asking.deadlineMs !== null) tokens.set('models', [asking.token]);
    for (const call of openCalls(this.running)) {
      const isOfWorkers = this.agent.tools.some(({ name, queue }) => name === call.name && queue === 'workers');
      const queue = isOfWorkers ? 'workers' : 'tools';
      tokens.set(queue, [...(tokens.get(queue) ?? []), call.token]);
    }
    for (const [queue, attempt_tokens] of tokens) {
      const data = { ...this.ids, queue, attempt_tokens, reason };
      this.addWork(`agent.work.${queue}`, { type: 'agent.work_revoked', data });
    }
  }

  /** Asks the model for the next turn, or again for the one that it did not answer. */
  ask(attempt = 1): void {
    const { running, agent, given } = this;
    const turn = running.turns.length + 1;
    const { limits } = running;
    if (turn > limits.turnsMax) return this.fail('MAX_TURNS', `${limits.turnsMax} turns did not bring an end`);
    const messages = conversation(running, agent);
    if (inlineBytes(messages) > contextInlineBytesMax) {
      return this.fail('CONTEXT_TOO_LARGE', `The conversation has more than ${contextInlineBytesMax} bytes`);
    }
    if (messageBytes(messages) > contextBytesMax) {
      const reason = `The conversation and what it refers to have more than ${contextBytesMax} bytes`;
      return this.fail('CONTEXT_TOO_LARGE', reason);
    }
    const reserved = reserveTurn(running, agent, messages, given.prices ?? {});
    if ('lack' in reserved) return this.fail('BUDGET_EXHAUSTED', reserved.lack);
    const attempt_token = given.deriveId(`turn/${turn}/${attempt}`);
    const deadline_at = Math.min(given.timeMs + turnTimeMsMax, running.deadlineMs);
    const { model } = running;
    this.add({
      type: 'agent.turn_started',
      data: {
        ...{ ...this.ids, turn, attempt, attempt_token, deadline_at, model },
        reserved_tokens: reserved.tokens,
        reserved_cost_usd: reserved.costUsd,
      },
    });
    this.addWork('agent.work.models', {
      type: 'agent.turn_requested',
      data: {
        ...this.ids,
        turn,
        attempt,
        attempt_token,
        lease_ms: leaseMs,
        deadline_at,
        idempotency_key: `${running.executionId}/${turn}`,
        user_id: running.userId,
        session_id: running.sessionId,
        model,
        messages: jsonText(messages),
        tools: agent.tools,
        completion_tokens_max: reserved.completionTokensMax,
        config: agent.definition.config,
      },
    });
  }

  complete(content: Said, finishReason: string): void {
    const { running } = this;
    const execution_time_ms = this.timeMs();
    const fact = {
      type: 'agent.executed',
      data: {
        ...this.report(execution_time_ms),
        status: 'completed',
        output_data: jsonText({ content: shown(content), finish_reason: finishReason }),
      },
    } as const;
    const data = { ...this.ids, execution_time_ms, turns: running.turns.length };
    this.end({ type: 'agent.execution_completed', data }, fact, 'completed');
    if (running.sessionId === null) return;
    const { agentId: agent_id, executionId: execution_id, sessionId: session_id } = running;
    const messages = jsonText([userMessage(running), { role: 'assistant', content: shown(content) }]);
    this.followUps.push({ type: 'agent.remember', data: { agent_id, execution_id, session_id, messages } });
  }

  /** @param code Of ours, or of whoever failed. */
  fail(code: EndCode | Uppercase<string>, reason: string): void {
    const { running } = this;
    this.revokeWork(reason);
    this.giveUpCalls(reason);
    const execution_time_ms = this.timeMs();
    const fact = this.failure(execution_time_ms, 'failed', code, jsonText({ code, message: reason }));
    const data = { ...this.ids, execution_time_ms, turns: running.turns.length, error_code: code, reason };
    this.end({ type: 'agent.execution_failed', data }, fact, 'failed');
  }

  cancel(reason: string, followsAgent = false): void {
    this.revokeWork(reason);
    this.giveUpCalls(reason);
    const execution_time_ms = this.timeMs();
    const error = jsonText({ code: 'CANCELLED', message: reason });
    const fact = this.failure(execution_time_ms, 'cancelled', 'CANCELLED', error);
    const data = { ...this.ids, execution_time_ms, reason, cancelled_by: this.given.actor };
    this.end({ type: 'agent.execution_cancelled', data }, fact, followsAgent ? undefined : 'cancelled');
  }

  decision(answer: AgentDecision['answer']): AgentDecision {
    const stream =
      this.state.status === 'absent' ? undefined : executionStream(this.state.agentId, this.state.executionId);
    if (stream === undefined) return { events: [] };
    return {
      events: this.events.map((event) => ({ stream, event })),
      facts: this.facts,
      work: this.work,
      // oxlint-disable-next-line unicorn/no-thenable -- rules are synchronous: no decision is ever awaited
      then: this.followUps,
      ...(answer !== undefined && { answer }),
    };
  }

  /** An execution that ends while a call is out will never hear of it: whoever goes on from it is to know that. */
  private giveUpCalls(reason: string): void {
    for (const call of openCalls(this.running)) {
      this.add({
        type: 'agent.tool_returned',
        data: {
          ...this.ids,
          turn: call.turn,
          call_id: call.id,
          tool_name: call.name,
          attempt: call.attempt,
          status: 'cancelled',
          output_data: null,
          error: jsonText({ code: 'OUTCOME_UNKNOWN', message: `Given up without an answer: ${reason}` }),
          duration_ms: 0,
        },
      });
    }
  }

  private end(event: AgentEvent, fact: AgentEvent, freed: 'completed' | 'failed' | 'cancelled' | undefined): void {
    const { agent_id, execution_id } = this.ids;
    this.add(event);
    this.facts.push(fact);
    if (freed !== undefined) {
      this.followUps.push({ type: 'agent.free_slot', data: { agent_id, execution_id, status: freed } });
    }
  }

  private timeMs(): number {
    return Math.max(0, this.given.timeMs - this.running.startedMs);
  }

  private failure(timeMs: number, status: 'failed' | 'cancelled', error_code: string, error: JsonText) {
    return { type: 'agent.failed', data: { ...this.report(timeMs), status, error_code, error } } as const;
  }

  /** What both facts say. */
  private report(execution_time_ms: number) {
    const { running } = this;
    const { usage } = running;
    return {
      ...this.ids,
      user_id: running.userId,
      session_id: running.sessionId,
      input_data: running.input,
      execution_time_ms,
      metadata: running.metadata,
      model: running.answeredBy ?? running.model,
      usage: {
        prompt_tokens: usage.promptTokens,
        cached_prompt_tokens: usage.cachedPromptTokens,
        completion_tokens: usage.completionTokens,
        cost_usd: usage.costUsd,
      },
    };
  }
}
