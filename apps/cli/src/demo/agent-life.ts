import type { Cause, Day } from './day.js';
import type { Process } from './schedule.js';
import type { Agent } from './staff.js';

const checks = ['config', 'resources', 'dependencies'] as const;

/** An agent from creation to its first readiness. It holds its own desk until then, so no execution starts early. */
export function* agentLife(day: Day, agent: Agent): Process {
  const { random } = day;
  const { id, role } = agent;
  const chain = chainOf(day, id);
  chain.emit('agent.created', {
    name: `${role.name} ${day.count(role.name)}`,
    description: role.description,
    agent_type: role.type,
    capabilities: role.capabilities,
    tools: role.tools,
    model: role.model,
    config: { temperature: 0.2, max_turns: 6 },
    created_by: 'user-operations',
  });
  for (let attempt = 1; ; attempt++) {
    yield random.logNormal(80, 0.4);
    chain.emit('agent.initialization_started', { attempt });
    const initializationMs = random.logNormal(900, 0.5);
    yield initializationMs;
    chain.emit('agent.initialized', { initialization_time_ms: Math.floor(initializationMs), tools: role.tools });
    chain.emit('agent.validation_started', { checks: [...checks] });
    const validationMs = random.logNormal(300, 0.5);
    yield validationMs;
    const broken = random.chance(0.06) ? random.pick(checks) : undefined;
    const results = {
      checks: checks.map((name) => ({ name, passed: name !== broken })),
      validation_time_ms: Math.floor(validationMs),
    };
    if (broken === undefined) {
      chain.emit('agent.validated', results);
      break;
    }
    chain.emit('agent.validation_failed', results);
    yield 30_000;
  }
  chain.emit('agent.ready', { reason: 'validated' });
  agent.ready = true;
  agent.desk.leave();
}

/** The end of an agent whose work is done; it comes behind everything that already waits at its desk. */
export function* agentEnd(day: Day, agent: Agent): Process {
  yield agent.desk;
  const chain = chainOf(day, agent.id);
  chain.emit('agent.terminated', { reason: 'Its share of the day is done.', terminated_by: 'user-operations' });
  yield 5_000;
  chain.emit('agent.deleted', { reason: 'Replaced by a fresh one.', deleted_by: 'user-operations' });
}

/** Emits events about one agent, each caused by the one before. */
export function chainOf(day: Day, agentId: string, start: Cause = { correlationId: day.newId('chain') }) {
  let cause = start;
  return {
    get cause(): Cause {
      return cause;
    },
    emit(type: Parameters<Day['emit']>[0], data: Parameters<Day['emit']>[3]): string {
      const causationId = day.emit(type, agentId, cause, { agent_id: agentId, ...data });
      cause = { correlationId: cause.correlationId, causationId };
      return causationId;
    },
  };
}
