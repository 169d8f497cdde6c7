import { Controller, Get, Header, Inject, Param, Query, Req } from '@nestjs/common';
import {
  agentId,
  encodePosition,
  eventDataToJsonText,
  eventTypes,
  executionId,
  formatTimestamp,
  parseTimestamp,
  type AgentEvent,
} from '@chorda/contracts';
import { StreamTooLongError, type StreamEvent, type StreamMoment, type ToldOutcome } from '@chorda/decisions';
import { agentStream, executionStream, type AgentStreamKind } from '@chorda/domain';
import { sleep } from '@chorda/kernel';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { wholeNumber } from '../events/read-your-writes.query.js';
import { decisionParts } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { AgentCommands } from './agent-commands.js';
import {
  agentHistoryOperation,
  agentStateOperation,
  commandOperation,
  executionHistoryOperation,
  executionStateOperation,
  historyPageMax,
} from './agent-commands.openapi.js';
import type { DecisionParts } from './open-decisions.js';
import { decidedBody, refusalOf } from './outcome-answer.js';
import { preferredWaitMs } from './prefer.js';

const outcomeWaitMs = 1_000;
/** Each look is a statement: whoever wants to wait longer asks again. */
const outcomeWaitMsMax = 5_000;
const lookEveryMs = 100;
const jsonType = 'application/json; charset=utf-8';
const counter = z.string().regex(/^\d{1,18}$/, { error: 'must be a version, as decimal text' });
const agentIdText = z
  .string()
  .max(256)
  .regex(/^\P{Cc}+$/u, { error: 'must be the id of an agent, without control characters' });
const historyQuery = z.strictObject({
  after: counter.default('0'),
  limit: wholeNumber(1, historyPageMax).default(100),
  agent_id: agentIdText.optional(),
});
const stateQuery = z
  .strictObject({
    version: counter.optional(),
    at: z
      .string()
      .refine((text) => parseTimestamp(text) !== undefined, { error: 'must be an RFC 3339 date-time' })
      .optional(),
    agent_id: agentIdText.optional(),
  })
  .refine(({ version, at }) => version === undefined || at === undefined, { error: 'version or at, not both' });

type HistoryQuery = z.output<typeof historyQuery>;
type StateQuery = z.output<typeof stateQuery>;
type Ref = { readonly kind: AgentStreamKind; readonly id: string };

/** What was decided, straight from the engine's tables: no read model is between, so nothing lags. */
@Controller('v1')
export class StreamsController {
  constructor(
    private readonly commands: AgentCommands,
    @Inject(decisionParts) private readonly decisions: DecisionParts,
  ) {}

  @Get('agents/:id/history')
  @Header('content-type', jsonType)
  @RequireScope('events:read')
  @Documented(agentHistoryOperation)
  agentHistory(
    @Param('id') id: string,
    @Query({ schema: historyQuery }) query: HistoryQuery,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return this.history(request, agentStream(checkedId(agentId, id)), query);
  }

  @Get('agents/:id/state')
  @Header('content-type', jsonType)
  @RequireScope('events:read')
  @Documented(agentStateOperation)
  agentState(
    @Param('id') id: string,
    @Query({ schema: stateQuery }) query: StateQuery,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return this.state(request, agentStream(checkedId(agentId, id)), query);
  }

  @Get('executions/:id/history')
  @Header('content-type', jsonType)
  @RequireScope('events:read')
  @Documented(executionHistoryOperation)
  async executionHistory(
    @Param('id') id: string,
    @Query({ schema: historyQuery }) query: HistoryQuery,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return this.history(request, await this.streamOf(request, id, query), query);
  }

  @Get('executions/:id/state')
  @Header('content-type', jsonType)
  @RequireScope('events:read')
  @Documented(executionStateOperation)
  async executionState(
    @Param('id') id: string,
    @Query({ schema: stateQuery }) query: StateQuery,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return this.state(request, await this.streamOf(request, id, query), query);
  }

  @Get('commands/:id')
  @RequireScope('events:read')
  @Documented(commandOperation)
  async command(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    const told = await this.outcomeOf(id, request);
    if (!told) throw new Problem('NOT_FOUND', 'No command with this id is decided; it may still wait');
    const { outcome, position } = told;
    // The status is that of the command, and not of the execution that it may have started.
    const { status } = outcome;
    if (status === 'accepted') return { ...decidedBody(id, outcome, encodePosition([position])), status };
    const { code, detail, details } = refusalOf(outcome);
    return { ...details.members, command_id: id, code, detail, status };
  }

  /** An outcome is kept as published a moment after its caller was told of it. */
  private async outcomeOf(id: string, request: FastifyRequest): Promise<ToldOutcome | undefined> {
    const { tenantId } = credentialOf(request);
    const wishMs = preferredWaitMs(request.headers['prefer'], outcomeWaitMs);
    const endMs = Date.now() + Math.min(wishMs, outcomeWaitMsMax);
    for (;;) {
      const told = await this.decisions.outcomes.find(tenantId, id);
      if (told || Date.now() >= endMs) return told;
      await sleep(lookEveryMs);
    }
  }

  private async streamOf(
    request: FastifyRequest,
    id: string,
    query: { readonly agent_id?: string | undefined },
  ): Promise<Ref> {
    const said = query.agent_id === undefined ? {} : { agent_id: query.agent_id };
    const agent = await this.commands.agentOf(request, id, said);
    return executionStream(checkedId(agentId, agent), checkedId(executionId, id));
  }

  private async history(request: FastifyRequest, stream: Ref, { after, limit }: HistoryQuery): Promise<string> {
    const { tenantId } = credentialOf(request);
    const events = await this.decisions.streams.history(tenantId, stream, BigInt(after), limit + 1);
    if (events.length === 0 && after === '0') throw nothingOf(stream);
    const page = events.slice(0, limit);
    const next = events.length > limit ? String(page.at(-1)?.version) : null;
    return `{"items":[${page.map(eventText).join(',')}],"next_after":${JSON.stringify(next)}}`;
  }

  private async state(request: FastifyRequest, stream: Ref, query: StateQuery): Promise<string> {
    const { tenantId } = credentialOf(request);
    try {
      const found = await this.decisions.streams.at(tenantId, stream, momentOf(query));
      if (!found) throw nothingOf(stream);
      const { version, timeMs, state } = found;
      return JSON.stringify({ version: String(version), at: formatTimestamp(timeMs), state: snakeCased(state) });
    } catch (error) {
      if (error instanceof StreamTooLongError) throw new Problem('QUERY_TIMEOUT', error.message);
      throw error;
    }
  }
}

function checkedId<Id>(make: (text: string) => Id, text: string): Id {
  return make(text);
}

function nothingOf({ kind, id }: Ref): Problem {
  const code = kind === 'agent' ? 'AGENT_NOT_FOUND' : 'EXECUTION_NOT_FOUND';
  return new Problem(code, `There is no ${kind} ${id} that is run here, or was not yet`);
}

function momentOf({ version, at }: StateQuery): StreamMoment {
  if (version !== undefined) return { version: BigInt(version) };
  const timeMs = at === undefined ? undefined : parseTimestamp(at);
  return timeMs === undefined ? undefined : { timeMs };
}

function eventText({ version, event, metadata }: StreamEvent<AgentEvent>): string {
  const head = {
    id: metadata.id,
    type: event.type,
    time: formatTimestamp(metadata.timeMs),
    stream_version: String(version),
    subject: metadata.subject,
    correlation_id: metadata.correlationId,
    causation_id: metadata.causationId ?? null,
    command_id: metadata.decision?.commandId ?? null,
    data_schema: eventTypes[event.type].dataSchema,
  };
  return `${JSON.stringify(head).slice(0, -1)},"data":${eventDataToJsonText(event)}}`;
}

/** Whoever has it may answer for an executor. */
const hidden: ReadonlySet<string> = new Set(['token', 'attempt_token']);

/** States are ours and camelCase; what leaves over HTTP is snake_case. JSON texts in them stay texts. */
function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  const shown = Object.entries(value).filter(([name]) => !hidden.has(name));
  return Object.fromEntries(shown.map(([name, part]) => [snakeCase(name), snakeCased(part)]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
