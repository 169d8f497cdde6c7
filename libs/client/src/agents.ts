import type { CallOptions } from './access.js';
import type {
  AgentSession,
  CommandDecided,
  CommandOutcome,
  CommandTaken,
  ExecutionReason,
  IncidentSettlement,
  NewAgent,
  NewExecution,
  OfAgent,
  Reason,
  StreamHistory,
  StreamState,
} from './generated/answers.js';
import type { Http } from './http.js';
import { newId } from './new-id.js';

/** What a command was answered: what it came to, or that it is in the log and not decided yet. */
export type CommandAnswer = CommandDecided | CommandTaken;

export interface CommandOptions extends CallOptions {
  /** The same key with the same command has the effect of once. Left out: a new one, the same for every try of this call. */
  readonly idempotencyKey?: string | undefined;
  /** How long to wait for the decision; 0: until it is in the log. Left out: as the gateway is set. */
  readonly waitMs?: number | undefined;
}

export interface HistoryOptions extends CallOptions {
  /** `next_after` of the page before. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export interface StateOptions extends CallOptions {
  /** As it was after so many events. */
  readonly version?: string | undefined;
  /** As it was then. */
  readonly at?: Date | string | undefined;
}

/** Where something is remembered: `context` is told to the model at the start of each execution of the session. */
export interface MemoryEntry {
  readonly area: 'data' | 'context' | 'variables';
  readonly key: string;
}

/** `client.agents`: agents that are run here. Needs the scope `agents:write`; what only reads, `events:read`. */
export class AgentsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  create(agent: NewAgent, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'POST', '/v1/agents', agent, options);
  }

  /** Initialises and checks it anew. */
  validate(agentId: string, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'POST', `${agentPath(agentId)}/validate`, {}, options);
  }

  /** Starts an execution; its end is in `client.get('executions', id)` and on the tail. */
  execute(agentId: string, execution: NewExecution, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'POST', `${agentPath(agentId)}/execute`, execution, options);
  }

  terminate(agentId: string, reason: Reason = {}, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'POST', `${agentPath(agentId)}/terminate`, reason, options);
  }

  delete(agentId: string, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'DELETE', agentPath(agentId), undefined, options);
  }

  /** Every decision about it, in order. */
  history(agentId: string, options: HistoryOptions = {}): Promise<StreamHistory> {
    return historyOf(this.#http, agentPath(agentId), options);
  }

  /** As its decisions leave it: now, at a version, or at a moment. */
  state(agentId: string, options: StateOptions = {}): Promise<StreamState> {
    return stateOf(this.#http, agentPath(agentId), options);
  }

  /** What it remembers of a session: what was said, and the entries of its short-term memory. */
  async session(agentId: string, sessionId: string, options: CallOptions = {}): Promise<AgentSession> {
    return (await this.#http.json({
      method: 'GET',
      path: sessionPath(agentId, sessionId),
      ...options,
    })) as AgentSession;
  }

  /** Remembers a value for the rest of a session; null forgets it. */
  remember(
    agentId: string,
    sessionId: string,
    entry: MemoryEntry & { readonly value: unknown },
    options: CommandOptions = {},
  ): Promise<CommandAnswer> {
    const { value } = entry;
    return command(this.#http, 'PUT', entryPath(agentId, sessionId, entry), { value }, options);
  }

  forget(agentId: string, sessionId: string, entry: MemoryEntry, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'DELETE', entryPath(agentId, sessionId, entry), undefined, options);
  }
}

interface OfExecution {
  /** Its agent; left out, the read model says it, which may lag behind right after the start. */
  readonly agentId?: string | undefined;
}

/** `client.executions`: what agents do. Needs the scope `agents:write`; what only reads, `events:read`. */
export class ExecutionsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Stops it; twice is once. */
  cancel(executionId: string, reason: ExecutionReason = {}, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'POST', `${executionPath(executionId)}/cancel`, reason, options);
  }

  /** Goes on where it had come to, as a new execution. */
  retry(executionId: string, of: OfAgent = {}, options: CommandOptions = {}): Promise<CommandAnswer> {
    return command(this.#http, 'POST', `${executionPath(executionId)}/retry`, of, options);
  }

  /** Says what a call of unknown outcome came to, or what is to follow. */
  settle(
    executionId: string,
    incidentId: string,
    settlement: IncidentSettlement,
    options: CommandOptions = {},
  ): Promise<CommandAnswer> {
    const path = `${executionPath(executionId)}/incidents/${encodeURIComponent(incidentId)}/settle`;
    return command(this.#http, 'POST', path, settlement, options);
  }

  /** Its turns, calls, results and incidents, in order. */
  history(executionId: string, options: HistoryOptions & OfExecution = {}): Promise<StreamHistory> {
    return historyOf(this.#http, executionPath(executionId), options);
  }

  /** As its decisions leave it, with what it waits for. */
  state(executionId: string, options: StateOptions & OfExecution = {}): Promise<StreamState> {
    return stateOf(this.#http, executionPath(executionId), options);
  }
}

/** `client.commands`: what became of commands that nobody waited for. */
export class CommandsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async get(commandId: string, options: CallOptions = {}): Promise<CommandOutcome> {
    const path = `/v1/commands/${encodeURIComponent(commandId)}`;
    return (await this.#http.json({ method: 'GET', path, ...options })) as CommandOutcome;
  }
}

const sessionPath = (agentId: string, sessionId: string) =>
  `${agentPath(agentId)}/sessions/${encodeURIComponent(sessionId)}`;
const entryPath = (agentId: string, sessionId: string, { area, key }: MemoryEntry) =>
  `${sessionPath(agentId, sessionId)}/memory/${area}/${encodeURIComponent(key)}`;
const agentPath = (id: string) => `/v1/agents/${encodeURIComponent(id)}`;
const executionPath = (id: string) => `/v1/executions/${encodeURIComponent(id)}`;
const waitMsDefault = 10_000;

export async function command<Answer = CommandAnswer>(
  http: Http,
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: object | undefined,
  { idempotencyKey = newId(), waitMs, signal }: CommandOptions,
): Promise<Answer> {
  const prefer =
    waitMs === undefined ? {} : { prefer: waitMs === 0 ? 'respond-async' : `wait=${Math.ceil(waitMs / 1000)}` };
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  return (await http.json({
    method,
    path,
    headers: { 'idempotency-key': idempotencyKey, ...prefer, ...json },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    waitMs: waitMs ?? waitMsDefault,
    signal,
  })) as Answer;
}

async function historyOf(
  http: Http,
  path: string,
  { after, limit, agentId, signal }: HistoryOptions & OfExecution,
): Promise<StreamHistory> {
  const query = { after, limit, agent_id: agentId };
  return (await http.json({ method: 'GET', path: `${path}/history`, query, signal })) as StreamHistory;
}

async function stateOf(
  http: Http,
  path: string,
  { version, at, agentId, signal }: StateOptions & OfExecution,
): Promise<StreamState> {
  const query = { version, at: at instanceof Date ? at.toISOString() : at, agent_id: agentId };
  return (await http.json({ method: 'GET', path: `${path}/state`, query, signal })) as StreamState;
}
