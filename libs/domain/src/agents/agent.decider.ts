import type { agent, agentCommand, AgentEvent, AgentWork } from '@chorda/contracts';
import type { Given, StatesOf, WorkItem } from '../aggregate.js';
import { DomainError } from '../domain-error.js';
import { agentDefinition, type Agent, type KnownAgent, type PendingCheck } from './agent.js';
import type { AnyAgentCommand, CheckTimedOut, FreeSlot } from './agent-commands.js';
import { checkDefinition, ownChecks } from './checks.js';
import type { AgentDecision } from './execution-course.js';
import type { AgentStates } from './execution.decider.js';
import { checkAttemptsMax, checkTimeMsMax, concurrencyMax, leaseMs } from './limits.js';
import { invalid, known, notInState } from './refusals.js';
import { agentStream } from './streams.js';

type States = StatesOf<AgentStates>;

/** What a command comes to in the agent's own stream. */
class AgentCourse {
  private readonly events: AgentEvent[] = [];
  private readonly work: WorkItem<AgentWork>[] = [];

  constructor(
    private state: Agent,
    private readonly given: Pick<Given<AnyAgentCommand>, 'timeMs' | 'deriveId' | 'subject'>,
  ) {}

  get agent(): KnownAgent {
    if (this.state.state === 'ABSENT') throw new TypeError('The agent was not created');
    return this.state;
  }

  add(event: AgentEvent): this {
    this.state = agentDefinition.evolve(this.state, event);
    this.events.push(event);
    return this;
  }

  initialize(): void {
    const { agent_id } = this.agent.definition;
    const attempt = this.agent.initializations + 1;
    const { token, deadlineMs } = this.tryOf('initialization', attempt);
    this.add({
      type: 'agent.initialization_started',
      data: { agent_id, attempt, attempt_token: token, deadline_at: deadlineMs },
    });
    this.ask('initialization', attempt, token, deadlineMs);
  }

  validate(attempt: number): void {
    const { agent_id } = this.agent.definition;
    const { token, deadlineMs } = this.tryOf('validation', attempt);
    this.add({
      type: 'agent.validation_started',
      data: {
        agent_id,
        checks: ['configuration', 'resources', 'dependencies'],
        attempt,
        attempt_token: token,
        deadline_at: deadlineMs,
      },
    });
    this.ask('validation', attempt, token, deadlineMs);
  }

  cleanUp(): void {
    const { token, deadlineMs } = this.tryOf('clean_up', 1);
    this.ask('clean_up', 1, token, deadlineMs);
  }

  decision(answer: AgentDecision['answer'], then: readonly AnyAgentCommand[] = []): AgentDecision {
    const stream = agentStream(this.agent.definition.agent_id);
    const events = this.events.map((event) => ({ stream, event }));
    // oxlint-disable-next-line unicorn/no-thenable -- rules are synchronous: no decision is ever awaited
    return { events, work: this.work, then, ...(answer !== undefined && { answer }) };
  }

  private tryOf(phase: string, attempt: number) {
    const token = this.given.deriveId(`${phase}/${attempt}`);
    return { token, deadlineMs: this.given.timeMs + checkTimeMsMax };
  }

  private ask(phase: PendingCheck['phase'] | 'clean_up', attempt: number, token: string, deadlineMs: number): void {
    const { definition } = this.agent;
    const { agent_id, capabilities, tools, model, config } = definition;
    const common = { agent_id, phase, attempt, attempt_token: token, lease_ms: leaseMs, deadline_at: deadlineMs };
    this.work.push({
      queue: 'agent.work.tools',
      stream: agentStream(agent_id),
      work: {
        type: 'agent.check_requested',
        data: { ...common, idempotency_key: `${agent_id}/${phase}/${attempt}`, capabilities, tools, model, config },
      },
    });
  }
}

export function create(given: Given<agentCommand.Create>, states: States): AgentDecision {
  const { data } = given.command;
  const before = states.of(agentStream(data.agent_id));
  if (before.state !== 'ABSENT') {
    throw new DomainError('AGENT_EXISTS', `Agent ${data.agent_id} was created before`, { state: before.state });
  }
  checkDefinition(data);
  if (data.concurrency_max > concurrencyMax) throw invalid('concurrency_max', `must be at most ${concurrencyMax}`);
  const course = new AgentCourse(before, given);
  course.add({ type: 'agent.created', data: { ...data, created_by: given.actor } }).initialize();
  return course.decision({ agent_id: data.agent_id, state: course.agent.state });
}

export function validate(given: Given<agentCommand.Validate>, states: States): AgentDecision {
  const { agent_id } = given.command.data;
  const before = known(states.of(agentStream(agent_id)), agent_id);
  const isIdle = before.check === null && before.running.length === 0;
  if (!isIdle || before.state === 'TERMINATED') {
    throw notInState(
      `Agent ${agent_id}`,
      before.state,
      'it can be checked anew while it runs nothing and is not checked',
      {
        running: before.running.length,
      },
    );
  }
  const course = new AgentCourse(before, given);
  course.initialize();
  return course.decision({ agent_id, state: course.agent.state });
}

const stale: AgentDecision = { events: [], answer: { taken: false } };

export function recordCheck(given: Given<agentCommand.RecordCheck>, states: States): AgentDecision {
  const { data } = given.command;
  const before = states.of(agentStream(data.agent_id));
  if (before.state === 'ABSENT') throw new DomainError('AGENT_NOT_FOUND', `There is no agent ${data.agent_id}`);
  const { check } = before;
  if (check === null || check.phase !== data.phase || check.token !== data.attempt_token) return stale;
  const course = new AgentCourse(before, given);
  if (check.phase === 'initialization') initialized(course, data);
  else judge(course, [...ownChecks(before.definition, before.tools), ...data.checks], data.duration_ms);
  return course.decision({ taken: true });
}

function initialized(course: AgentCourse, data: agentCommand.RecordCheck['data']): void {
  const { agent_id } = data;
  const names = data.tools.map(({ name }) => name);
  course.add({
    type: 'agent.initialized',
    data: { agent_id, initialization_time_ms: data.duration_ms, tools: names, tool_definitions: data.tools },
  });
  course.validate(1);
  // What is known to be missing need not be looked for.
  const bad = [...ownChecks(course.agent.definition, data.tools), ...data.checks].filter(({ passed }) => !passed);
  if (bad.length > 0) judge(course, bad, 0);
}

function judge(course: AgentCourse, checks: readonly agent.ValidationCheck[], validation_time_ms: number): void {
  const { agent_id } = course.agent.definition;
  const data = { agent_id, checks, validation_time_ms };
  if (checks.some(({ passed }) => !passed)) {
    course.add({ type: 'agent.validation_failed', data });
    return;
  }
  course.add({ type: 'agent.validated', data });
  course.add({ type: 'agent.ready', data: { agent_id, reason: 'validated', execution_id: null } });
}

export function checkTimedOut(given: Given<CheckTimedOut>, states: States): AgentDecision {
  const { agent_id, timer } = given.command.data;
  const before = states.of(agentStream(agent_id));
  const check = before.state === 'ABSENT' ? null : before.check;
  if (check === null || `${check.phase}/${check.attempt}` !== timer) return { events: [] };
  const course = new AgentCourse(before, given);
  if (check.tries >= checkAttemptsMax) {
    const detail = `no executor answered in ${check.tries} tries of ${checkTimeMsMax} ms`;
    judge(course, [{ name: 'resources', passed: false, detail }], check.tries * checkTimeMsMax);
  } else if (check.phase === 'initialization') course.initialize();
  else course.validate(check.attempt + 1);
  return course.decision(undefined);
}

export function freeSlot(given: Given<FreeSlot>, states: States): AgentDecision {
  const { agent_id, execution_id, status } = given.command.data;
  const before = states.of(agentStream(agent_id));
  if (before.state === 'ABSENT' || !before.running.includes(execution_id)) {
    throw new TypeError(`Execution ${execution_id} ended and had no slot of agent ${agent_id}`);
  }
  const course = new AgentCourse(before, given);
  const running = before.running.length - 1;
  course.add({ type: 'agent.slot_released', data: { agent_id, execution_id, status, running } });
  if (running === 0) {
    course.add({ type: 'agent.ready', data: { agent_id, reason: 'execution_ended', execution_id } });
  }
  return course.decision(undefined);
}

export function terminate(given: Given<agentCommand.Terminate>, states: States): AgentDecision {
  const { agent_id } = given.command.data;
  const before = known(states.of(agentStream(agent_id)), agent_id);
  if (before.state === 'TERMINATED') return { events: [], answer: { agent_id, state: before.state } };
  const reason = given.command.data.reason ?? 'Terminated on request';
  const course = new AgentCourse(before, given);
  course.add({ type: 'agent.terminated', data: { agent_id, reason, terminated_by: given.actor } });
  course.cleanUp();
  const then = before.running.map((execution_id): AnyAgentCommand => {
    const why = `The agent was terminated: ${reason}`;
    return { type: 'agent.cancel_with_agent', data: { agent_id, execution_id, reason: why } };
  });
  return course.decision({ agent_id, state: course.agent.state, cancelled: before.running.length }, then);
}

export function remove(given: Given<agentCommand.Delete>, states: States): AgentDecision {
  const { agent_id, reason } = given.command.data;
  const before = states.of(agentStream(agent_id));
  if (before.state !== 'ABSENT' && before.isDeleted) return { events: [], answer: { agent_id, deleted: true } };
  const agent = known(before, agent_id);
  if (agent.running.length > 0) {
    throw notInState(`Agent ${agent_id}`, agent.state, 'terminate it first, which cancels what it runs', {
      running: agent.running.length,
    });
  }
  const course = new AgentCourse(agent, given);
  if (agent.state !== 'TERMINATED') {
    const why = reason ?? 'Deleted on request';
    course.add({ type: 'agent.terminated', data: { agent_id, reason: why, terminated_by: given.actor } });
    course.cleanUp();
  }
  course.add({ type: 'agent.deleted', data: { agent_id, reason, deleted_by: given.actor } });
  return course.decision({ agent_id, deleted: true });
}
