import { jsonText, jsonValue, type agentCommand } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { Given, StatesOf } from '../aggregate.js';
import { DomainError } from '../domain-error.js';
import type { UseMemory } from './agent-commands.js';
import type { AgentDecision, ExecutionCourse } from './execution-course.js';
import { going, type AgentStates } from './execution.decider.js';
import { callOf, type ToolCall } from './execution.js';
import { checkWrite, isMemoryArea, memoryOf, memoryWritten, type MemoryWrite } from './memory.js';
import { invalid, known, notInState } from './refusals.js';
import type { Session } from './session.js';
import { agentStream, sessionStream } from './streams.js';
import { goOnWhenAnswered, returnCall } from './tool-calls.js';

type States = StatesOf<AgentStates>;

/** Somebody writes to the memory of a session, or takes from it. */
export function writeMemory(given: Given<agentCommand.WriteMemory>, states: States): AgentDecision {
  const { agent_id, session_id, area, key, value } = given.command.data;
  const agent = known(states.of(agentStream(agent_id)), agent_id);
  if (agent.state === 'TERMINATED') {
    throw notInState(`Agent ${agent_id}`, agent.state, 'it remembers nothing new');
  }
  if (!isMemoryArea(area)) throw invalid('area', 'must be data, context or variables');
  const stream = sessionStream(agent_id, session_id);
  const write = { area, key, value: value === jsonText(null) ? null : value };
  const session = states.of(stream);
  checkWrite(session, write);
  const event = memoryWritten(session, write, { ...placeOf(given), agentId: agent_id, executionId: null });
  const answer = { agent_id, session_id, area, key, changed: event !== undefined };
  return { events: event === undefined ? [] : [{ stream, event }], answer };
}

/** A call of the memory's own tools is answered in the turn that asks for it. */
export function useMemory(given: Given<UseMemory>, states: States): AgentDecision {
  const { agent_id, execution_id, session_id, call_id } = given.command.data;
  const course = going(given, states);
  const call = course && callOf(course.running, call_id);
  if (!course || !call || call.status === 'returned') return { events: [] };
  const stream = sessionStream(agent_id, session_id);
  const session = states.of(stream);
  const wish = wishOf(call);
  if (wish.kind === 'bad') return answered(course, call, undefined, wish.why);
  if (wish.kind === 'read') return answered(course, call, read(session, wish));
  const fault = faultOf(() => checkWrite(session, wish.write));
  if (fault) return answered(course, call, undefined, fault.message);
  const place = { ...placeOf(given), agentId: agent_id, executionId: execution_id };
  const event = memoryWritten(session, wish.write, place);
  const decision = answered(course, call, { written: true });
  return { ...decision, events: [...(event === undefined ? [] : [{ stream, event }]), ...decision.events] };
}

function placeOf(given: Pick<Given<UseMemory>, 'deriveId'>) {
  return { deriveId: (name: string) => given.deriveId(name) };
}

function answered(
  course: ExecutionCourse,
  call: ToolCall & { readonly turn: number },
  value: JsonValue | undefined,
  fault = '',
): AgentDecision {
  const result =
    value === undefined
      ? { status: 'refused' as const, output: null, error: jsonText({ code: 'ARGUMENTS_NOT_VALID', message: fault }) }
      : { status: 'completed' as const, output: jsonText(value), error: null };
  returnCall(course, call, { ...result, durationMs: 0 });
  goOnWhenAnswered(course);
  return course.decision(undefined);
}

type Wish =
  | { readonly kind: 'write'; readonly write: MemoryWrite }
  | { readonly kind: 'read'; readonly area: unknown; readonly key: unknown }
  | { readonly kind: 'bad'; readonly why: string };

function wishOf({ name, arguments: given }: ToolCall): Wish {
  const args = jsonValue(given);
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return bad('the arguments are no JSON object');
  const fields = new Map<string, JsonValue>(Object.entries(args));
  const [area, key, value] = ['area', 'key', 'value'].map((field) => fields.get(field));
  if (area !== undefined && !isMemoryArea(area)) return bad('area must be data, context or variables');
  if (key !== undefined && typeof key !== 'string') return bad('key must be a text');
  if (name === 'memory_read') return { kind: 'read', area, key };
  if (area === undefined || key === undefined || value === undefined) return bad('area, key and value must be given');
  return { kind: 'write', write: { area, key, value: value === null ? null : jsonText(value) } };
}

function bad(why: string): Wish {
  return { kind: 'bad', why };
}

function read(session: Session, { area, key }: { readonly area: unknown; readonly key: unknown }): JsonValue {
  const memory = memoryOf(session);
  const within = isMemoryArea(area) ? { [area]: memory[area] } : memory;
  if (typeof key !== 'string') return within;
  const found = Object.entries(within).flatMap(([name, entries]) =>
    Object.hasOwn(entries, key) ? [[name, { [key]: entries[key] ?? null }] as const] : [],
  );
  return Object.fromEntries(found);
}

function faultOf(check: () => void): DomainError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
