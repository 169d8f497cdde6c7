import { createHash } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  InvalidEventError,
  parseCommandData,
  type AgentCommand,
  type JsonText,
  type ScheduleCommand,
  type WorkflowCommand,
} from '@chorda/contracts';
import { CommandRefusedAtDoorError, TooManyWaitersError, type CommandAnswer } from '@chorda/decisions';
import { BackboneError, derivedId, newId, systemClock } from '@chorda/kernel';
import { executionsList, ListReader } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/credential-of.js';
import { decisionParts } from '../gateway.tokens.js';
import { parseExactJson } from '../http/exact-json.js';
import { sendProblem } from '../http/problem.filter.js';
import { Problem } from '../http/problem.js';
import { sendAnswer, type Outcome } from '../idempotency/answer.js';
import { PayloadDesk } from '../payloads/payload-desk.js';
import { IdempotentAnswers } from '../idempotency/idempotent-answers.js';
import { readIdempotencyKey } from '../ingest/idempotency-key.js';
import { equalTo } from '../lists/list-answers.js';
import { isText } from '../lists/list-query.js';
import type { CommandParts } from './open-decisions.js';
import { outcomeOf, type Shown, type Taken } from './outcome-answer.js';
import { preferredWaitMs } from './prefer.js';

export type JsonBody = Readonly<Record<string, unknown>>;

/** What a caller may ask of an engine by way of a command. */
type GivenCommand = AgentCommand | WorkflowCommand | ScheduleCommand;

/** A request as a command. */
export interface Wish {
  readonly type: GivenCommand['type'];
  /** Names the request for its Idempotency-Key: `POST /v1/agents/{id}/execute`. */
  readonly operation: string;
  /** What the body may not say: ids that the path says or the gateway gives. */
  data(commandId: string, body: JsonBody): Promise<JsonBody> | JsonBody;
  shown(command: GivenCommand): Shown;
}

/** Gives the commands of callers to the decision engine, and tells them what became of them. */
@Injectable()
export class AgentCommands {
  constructor(
    private readonly answers: IdempotentAnswers,
    private readonly lists: ListReader,
    @Inject(decisionParts) private readonly decisions: CommandParts,
    /** Where values are kept that are too large. */
    @Optional() private readonly payloads?: PayloadDesk,
  ) {}

  async answer(wish: Wish, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { tenantId } = credentialOf(request);
    const header = request.headers['idempotency-key'];
    const key = readIdempotencyKey(Array.isArray(header) ? header[0] : header);
    const own = `${wish.operation} ${request.url.split('?', 1)[0]}`;
    // The same key for the same address is the same command, whatever became of the gateway that had it first.
    const commandId = key === undefined ? newId() : derivedId(tenantId, own, key);
    const work = () => this.give(wish, commandId, request);
    if (key === undefined) return answerWith(reply, request, await work());
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const fingerprint = createHash('sha256').update(`${own}\n`).update(body).digest();
    const outcome = await this.answers.once({ tenantId, operation: wish.operation, key, fingerprint }, work);
    answerWith(reply, request, outcome, outcome.isReplayed);
  }

  private async give(wish: Wish, commandId: string, request: FastifyRequest): Promise<Outcome> {
    const body = bodyOf(request);
    const parsed = parseCommandData(wish.type, await wish.data(commandId, body));
    if (!parsed.ok) {
      const detail = parsed.issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ');
      throw new Problem('INVALID_REQUEST', detail.slice(0, 2_000), { issues: parsed.issues });
    }
    const command = await this.smallened(parsed.command, request);
    const sent = await this.send(command, commandId, request);
    return 'problem' in sent ? sent : outcomeOf(commandId, sent, wish.shown(command));
  }

  /** With a reference where a value is too large to travel with every event of its execution or run. */
  private async smallened(command: GivenCommand, request: FastifyRequest): Promise<GivenCommand> {
    const { payloads } = this;
    if (payloads === undefined) return command;
    const { tenantId } = credentialOf(request);
    const small = (field: string, text: JsonText) => payloads.taken(tenantId, field, text);
    switch (command.type) {
      case 'agent.execute': {
        const input_data = await small('input_data', command.data.input_data);
        return { ...command, data: { ...command.data, input_data } };
      }
      case 'workflow.start': {
        const input_data = await small('input', command.data.input_data);
        return { ...command, data: { ...command.data, input_data } };
      }
      case 'workflow.retry': {
        const { output_data: said } = command.data;
        const output_data = said === null ? null : await small('output_data', said);
        return { ...command, data: { ...command.data, output_data } };
      }
      default:
        return command;
    }
  }

  private async send(
    command: GivenCommand,
    commandId: string,
    request: FastifyRequest,
  ): Promise<CommandAnswer | Taken | Extract<Outcome, { readonly problem: Problem }>> {
    const { door, waitMs } = this.decisions;
    const { tenantId, keyId } = credentialOf(request);
    const metadata = {
      id: commandId,
      source: 'urn:chorda:service:gateway',
      subject: subjectOf(command),
      tenantId,
      timeMs: systemClock.nowMs(),
      correlationId: request.trace.requestId,
      traceparent: request.trace.traceparent,
      actor: keyId,
    };
    try {
      const record = this.decisions.codec.encode({ command, metadata });
      const wait = preferredWaitMs(request.headers['prefer'], waitMs);
      return await door.give(record, { tenantId, commandId, waitMs: wait });
    } catch (error) {
      // Its record is acknowledged by then: only the wait for its outcome is refused.
      if (error instanceof TooManyWaitersError) return { kind: 'taken' };
      const problem = doorProblem(error);
      if (problem?.code === 'DELIVERY_UNKNOWN') return { effect: 'uncertain', problem };
      throw problem ?? error;
    }
  }

  /** The agent of an execution: as the caller says, else as the read model has it. */
  async agentOf(request: FastifyRequest, executionId: string, body: JsonBody): Promise<string> {
    const { agent_id: said } = body;
    if (typeof said === 'string') return said;
    const { tenantId } = credentialOf(request);
    const conditions = [equalTo('execution_id', executionId), equalTo('managed', 'true')];
    const row = isText(executionId) ? await this.lists.one(tenantId, executionsList, conditions) : undefined;
    const agent = row?.['agent_id'];
    if (typeof agent === 'string') return agent;
    throw new Problem('EXECUTION_NOT_FOUND', `There is no execution ${executionId} that is run here`);
  }
}

/** What it is about, by which the log is keyed. */
function subjectOf({ data }: GivenCommand): string {
  if ('agent_id' in data) return data.agent_id;
  return 'schedule_id' in data ? data.schedule_id : data.workflow_id;
}

function answerWith(reply: FastifyReply, request: FastifyRequest, outcome: Outcome, isReplayed = false): void {
  if ('answer' in outcome) sendAnswer(reply, outcome.answer, isReplayed);
  else sendProblem(reply, outcome.problem, request.trace);
}

/** The path says whom it concerns; a body that says otherwise is a mistake of its sender. @throws {@link Problem} */
export function withId(body: JsonBody, field: string, id: string): JsonBody {
  if (body[field] !== undefined && body[field] !== id) {
    const issues = [{ pointer: `/${field}`, detail: 'must be left out, or be what the path says' }];
    throw new Problem('INVALID_REQUEST', `/${field} is not what the path says`, { issues });
  }
  return { ...body, [field]: id };
}

/** An empty body says nothing, which some commands need no more than. */
export function bodyOf(request: FastifyRequest): JsonBody {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (bytes.length === 0) return {};
  const json: unknown = parseExactJson(bytes);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  throw new Problem('INVALID_REQUEST', 'The body must be a JSON object', {
    issues: [{ pointer: '', detail: 'must be an object' }],
  });
}

/** Undefined: a fault of ours. */
function doorProblem(error: unknown): Problem | undefined {
  if (error instanceof CommandRefusedAtDoorError) {
    const headers = { 'retry-after': String(error.refusal.retryAfterSeconds) };
    return new Problem('DECISIONS_OVERLOADED', error.message, { headers });
  }
  if (error instanceof InvalidEventError)
    return new Problem('INVALID_REQUEST', error.message, { issues: error.issues });
  const retry = { headers: { 'retry-after': '1' }, cause: error };
  switch (error instanceof BackboneError ? error.code : '') {
    case 'EVENT_TOO_LARGE':
    case 'RECORD_TOO_LARGE':
      return new Problem('RECORD_TOO_LARGE', 'The command is larger than the log takes');
    case 'PRODUCER_QUEUE_FULL':
      return new Problem('OVERLOADED', 'Too many records wait for the brokers', retry);
    case 'PRODUCER_CLOSED':
      return new Problem('STOPPING', 'This instance is stopping', retry);
    case 'BROKER_UNAVAILABLE':
      return new Problem('UNAVAILABLE', 'No broker could be reached', retry);
    case 'DELIVERY_UNKNOWN':
      return new Problem(
        'DELIVERY_UNKNOWN',
        'Not acknowledged in time: the command may be decided, at most once',
        retry,
      );
    default:
      return undefined;
  }
}
