import type { JsonValue } from '@chorda/kernel';
import { agentEnd, chainOf } from './agent-life.js';
import type { Cause, Day } from './day.js';
import { modelCall, noUsage, plus, usageData, type Usage } from './model-call.js';
import type { Gate } from './schedule.js';
import type { Agent } from './staff.js';
import { messageText } from './text.js';

export interface Work {
  readonly cause: Cause;
  readonly userId: string;
  readonly sessionId: string;
  readonly input: JsonValue;
  readonly metadata?: { readonly workflow_id: string; readonly step_id: string };
}

export type Result =
  | { readonly ok: true; readonly output: JsonValue }
  | { readonly ok: false; readonly errorCode: string; readonly message: string; readonly cancelledBy?: string };

type Running<Answer> = Generator<number | Gate, Answer, undefined>;
type Chain = ReturnType<typeof chainOf>;

const failures = [
  ['MODEL_TIMEOUT', 'The model did not answer within 60 seconds.'],
  ['TOOL_UNAVAILABLE', 'The ERP system refused the connection three times.'],
  ['OUTPUT_INVALID', 'The answer did not match the schema that the step asks for.'],
] as const;

/** One execution of one agent: its turns, tools and model calls, and an end that is said twice, as state and as fact. */
export function* execute(day: Day, agent: Agent, work: Work): Running<Result> {
  yield agent.desk;
  const startedMs = day.nowMs;
  const executionId = day.newId('exec');
  const chain = chainOf(day, agent.id, work.cause);
  const who = { execution_id: executionId, user_id: work.userId, session_id: work.sessionId };
  const metadata = work.metadata ?? null;
  chain.emit('agent.execution_started', { ...who, input_data: work.input, metadata });

  const { turns, usage } = yield* takeTurns(day, agent, chain, executionId, work);
  const result = endOf(day);
  const timeMs = Math.max(1, day.nowMs - startedMs);
  const fact = {
    ...who,
    input_data: work.input,
    execution_time_ms: timeMs,
    metadata,
    model: agent.role.model,
    usage: usageData(usage),
  };
  const end = { execution_id: executionId, execution_time_ms: timeMs, turns };
  if (result.ok) {
    chain.emit('agent.execution_completed', end);
    chain.emit('agent.executed', { ...fact, output_data: result.output, status: 'completed' });
  } else {
    const { errorCode, message, cancelledBy } = result;
    const cancelled = { execution_id: executionId, execution_time_ms: timeMs, reason: message };
    if (cancelledBy === undefined) {
      chain.emit('agent.execution_failed', { ...end, error_code: errorCode, reason: message });
    } else chain.emit('agent.execution_cancelled', { ...cancelled, cancelled_by: cancelledBy });
    const status = cancelledBy === undefined ? 'failed' : 'cancelled';
    chain.emit('agent.failed', { ...fact, error: { message }, error_code: errorCode, status });
  }
  chain.emit('agent.ready', { reason: 'execution_ended', execution_id: executionId });
  release(day, agent);
  return result;
}

function release(day: Day, agent: Agent): void {
  agent.desk.leave();
  agent.worksLeft -= 1;
  if (agent.worksLeft !== 0) return;
  day.staff.replace(agent);
  day.schedule.start(agentEnd(day, agent));
}

function endOf(day: Day): Result {
  const { random } = day;
  if (random.chance(0.95)) return { ok: true, output: { text: messageText(random, 700) } };
  if (random.chance(0.2)) {
    return { ok: false, errorCode: 'CANCELLED', message: 'The customer withdrew.', cancelledBy: 'user-operations' };
  }
  const [errorCode, message] = random.pick(failures);
  return { ok: false, errorCode, message };
}

function* takeTurns(
  day: Day,
  agent: Agent,
  chain: Chain,
  executionId: string,
  work: Work,
): Running<{ readonly turns: number; readonly usage: Usage }> {
  const { random } = day;
  const turns = random.between(1, 3);
  let usage = noUsage;
  for (let turn = 1; turn <= turns; turn++) {
    const last = turn === turns;
    const call = yield* modelCall(day, agent, { executionId, work, cause: chain.cause });
    usage = plus(usage, call.usage);
    chain.emit('agent.turn_recorded', {
      execution_id: executionId,
      turn,
      request_id: call.requestId,
      model: agent.role.model,
      output_data: call.output,
      finish_reason: last ? 'stop' : 'tool_calls',
      prompt_tokens: call.usage.promptTokens,
      completion_tokens: call.usage.completionTokens,
      duration_ms: call.durationMs,
    });
    if (!last) yield* callTool(day, agent, chain, executionId, turn);
  }
  if (random.chance(0.2)) remember(day, chain, executionId, work.userId);
  return { turns, usage };
}

/** A tool that fails is tried once more, and answers then. */
function* callTool(day: Day, agent: Agent, chain: Chain, executionId: string, turn: number): Running<void> {
  const { random } = day;
  const call = {
    execution_id: executionId,
    turn,
    call_id: day.newId('call'),
    tool_name: random.pick(agent.role.tools),
  };
  const attempts = random.chance(0.08) ? 2 : 1;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const query = { order: `SO-${random.between(10_000, 99_999)}` };
    chain.emit('agent.tool_called', { ...call, attempt, arguments: query });
    const durationMs = random.logNormal(250, 0.7);
    yield durationMs;
    const ended = { ...call, attempt, duration_ms: Math.floor(durationMs) };
    if (attempt < attempts) {
      const error = { message: 'The connection was reset.' };
      chain.emit('agent.tool_returned', { ...ended, status: 'failed', error });
    } else {
      const rows = Array.from({ length: random.between(1, 8) }, () => ({
        item: `P-${random.between(100, 999)}`,
        quantity: random.between(1, 400),
      }));
      chain.emit('agent.tool_returned', { ...ended, status: 'completed', output_data: { rows } });
    }
  }
}

function remember(day: Day, chain: Chain, executionId: string, userId: string): void {
  chain.emit('agent.memory_written', {
    execution_id: executionId,
    memory_id: day.newId('memory'),
    tier: 'episodic',
    key: `customer/${userId}`,
    value: { note: messageText(day.random, 160) },
  });
}
