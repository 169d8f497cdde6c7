import { createHash } from 'node:crypto';
import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { encodePosition, eventDataToJsonText, formatTimestamp } from '@chorda/contracts';
import { derivedId, newId, type TenantId } from '@chorda/kernel';
import { inferenceRequestsList, ListReader } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { preferredWaitMs } from '../agents/prefer.js';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { sendAnswer, type Answer } from '../idempotency/answer.js';
import { IdempotentAnswers } from '../idempotency/idempotent-answers.js';
import { readIdempotencyKey } from '../ingest/idempotency-key.js';
import { equalTo, ListAnswers, notFound, queryOf } from '../lists/list-answers.js';
import { itemJsonText } from '../lists/list-json.js';
import { isText, parseItemQuery } from '../lists/list-query.js';
import { Documented } from '../reference/documented.js';
import type { Ask } from './ask.js';
import { InferenceDesk, type Asker } from './inference-desk.js';
import {
  askOperation,
  cancelOperation,
  inferenceRequestOperation,
  inferenceRequestsOperation,
  inferenceStreamOperation,
} from './inference.openapi.js';
import type { InferenceOutcome, OutcomeEnvelope } from './inference-waits.js';
import { askOfJob, cancelBody, jobBody } from './job-body.js';
import { JobStreams } from './job-streams.js';
import { OutcomeLookup } from './outcome-lookup.js';
import { overlaid } from './outcome-overlay.js';
import { RecentAsks } from './recent-asks.js';

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };
const operation = 'POST /v1/inference';
const cancelWaitMs = 2_000;

/** Model calls as jobs: taken at once, answered when there is an outcome. */
@Controller('v1/inference')
export class InferenceController {
  constructor(
    private readonly desk: InferenceDesk,
    private readonly idempotent: IdempotentAnswers,
    private readonly answers: ListAnswers,
    private readonly lists: ListReader,
    private readonly lookup: OutcomeLookup,
    private readonly recent: RecentAsks,
    private readonly streams: JobStreams,
  ) {}

  @Post()
  @HttpCode(202)
  @RequireScope('inference:write')
  @Documented(askOperation)
  async ask(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const header = request.headers['idempotency-key'];
    const key = readIdempotencyKey(Array.isArray(header) ? header[0] : header);
    const { tenantId } = credentialOf(request);
    const ask = askOfJob(
      readJsonBody(request, jobBody),
      key === undefined ? newId() : derivedId(tenantId, operation, key),
    );
    const waitMs = preferredWaitMs(request.headers['prefer'], 0);
    const waiting = waitMs === 0 ? undefined : this.outcomeWithin(tenantId, ask.requestId, waitMs, reply);
    try {
      const { answer, isReplayed } = await this.taken(ask, key, request);
      request.lease?.leave();
      const outcome = isReplayed ? await this.replayedOutcome(tenantId, ask.requestId, waiting) : await waiting?.told;
      if (outcome === undefined) return sendAnswer(reply, answer, isReplayed);
      const body = settledBody(ask.requestId, outcome);
      sendAnswer(reply, { status: 200, headers: jsonHeaders, body }, isReplayed);
    } finally {
      waiting?.end();
    }
  }

  @Get()
  @RequireScope('inference:read')
  @Documented(inferenceRequestsOperation)
  list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(inferenceRequestsList, { request, reply });
  }

  @Get(':id')
  @RequireScope('inference:read')
  @Documented(inferenceRequestOperation)
  byId(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const wish = { ...parseItemQuery(queryOf(request)), projections: inferenceRequestsList.projections };
    return this.answers.read({ request, reply }, wish, async (tenantId, completeness) => {
      if (!isText(id)) throw notFound(completeness);
      const [row, outcome] = await Promise.all([
        this.lists.one(tenantId, inferenceRequestsList, [equalTo('request_id', id)]),
        this.lookup.find(tenantId, id),
      ]);
      if (row === undefined && outcome === undefined) throw notFound(completeness);
      return itemJsonText(inferenceRequestsList, overlaid(row, outcome));
    });
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @RequireScope('inference:write')
  @Documented(cancelOperation)
  async cancel(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { reason } = hasBody(request) ? readJsonBody(request, cancelBody) : { reason: 'asked' };
    const asker = askerOf(request);
    const { tenantId } = asker.credential;
    const known = await this.knownOf(tenantId, id);
    const waitMs = preferredWaitMs(request.headers['prefer'], cancelWaitMs);
    const waiting = waitMs === 0 ? undefined : this.outcomeWithin(tenantId, id, waitMs, reply);
    try {
      const place = await this.desk.cancel({ requestId: id, ...known }, reason, asker);
      request.lease?.leave();
      const outcome = await waiting?.told;
      if (outcome !== undefined) {
        return sendAnswer(reply, { status: 200, headers: jsonHeaders, body: settledBody(id, outcome) });
      }
      const body = JSON.stringify({ request_id: id, status: 'pending', position: encodePosition([place]) });
      sendAnswer(reply, { status: 202, headers: jsonHeaders, body });
    } finally {
      waiting?.end();
    }
  }

  @Get(':id/stream')
  @RequireScope('inference:read')
  @Documented(inferenceStreamOperation)
  async stream(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { tenantId } = credentialOf(request);
    const outcome = isText(id) ? await this.lookup.find(tenantId, id) : undefined;
    if (outcome === undefined) await this.knownOf(tenantId, id);
    this.streams.serve(id, outcome?.event, request, reply);
  }

  private async taken(
    ask: Ask,
    key: string | undefined,
    request: FastifyRequest,
  ): Promise<{ readonly answer: Answer; readonly isReplayed: boolean }> {
    const { tenantId } = credentialOf(request);
    const work = async () => ({ effect: 'logged' as const, answer: await this.take(ask, request) });
    if (key === undefined) return { ...(await work()), isReplayed: false };
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const fingerprint = createHash('sha256').update(body).digest();
    const outcome = await this.idempotent.once({ tenantId, operation, key, fingerprint }, work);
    if ('problem' in outcome) throw outcome.problem;
    return { answer: outcome.answer, isReplayed: outcome.isReplayed === true };
  }

  private async take(ask: Ask, request: FastifyRequest): Promise<Answer> {
    const asker = askerOf(request);
    const { place, deadlineAtMs } = await this.desk.take(ask, asker);
    const { requestId } = ask;
    const location = `/v1/inference/${encodeURIComponent(requestId)}`;
    const body = JSON.stringify({
      request_id: requestId,
      status: 'pending',
      deadline_at: formatTimestamp(deadlineAtMs),
      position: encodePosition([place]),
    });
    return { status: 202, headers: { ...jsonHeaders, location }, body };
  }

  /** What a request had come to before it was sent again is on no topic that is still to be read. */
  private async replayedOutcome(
    tenantId: TenantId,
    requestId: string,
    waiting: { readonly told: Promise<InferenceOutcome | undefined> } | undefined,
  ): Promise<InferenceOutcome | undefined> {
    if (waiting === undefined) return undefined;
    return (await this.lookup.find(tenantId, requestId))?.event ?? waiting.told;
  }

  private outcomeWithin(tenantId: TenantId, requestId: string, waitMs: number, reply: FastifyReply) {
    const { promise: told, resolve } = Promise.withResolvers<InferenceOutcome | undefined>();
    const leave = this.desk.listen(tenantId, requestId, { outcome: resolve });
    const giveUp = () => resolve(undefined);
    const timer = setTimeout(giveUp, waitMs);
    // A job goes on without who asked for it: that is what sets it apart from a call.
    reply.raw.once('close', giveUp);
    const end = () => {
      leave();
      clearTimeout(timer);
      reply.raw.removeListener('close', giveUp);
    };
    return { told, end };
  }

  /**
   * What is known of a request that has no outcome yet.
   *
   * @throws {@link Problem} `NOT_FOUND`, or `NOT_IN_THIS_STATE` for one that has.
   */
  private async knownOf(tenantId: TenantId, id: string): Promise<{ model: string; sessionId: string | undefined }> {
    const ended = isText(id) ? await this.lookup.find(tenantId, id) : undefined;
    if (ended !== undefined) throw hasEnded(ended);
    const recent = this.recent.find(tenantId, id);
    if (recent !== undefined) return recent;
    const row = isText(id)
      ? await this.lists.one(tenantId, inferenceRequestsList, [equalTo('request_id', id)])
      : undefined;
    if (row === undefined) throw new Problem('NOT_FOUND', 'There is no request with this id, or it was taken just now');
    const { model, session_id: session } = row;
    return { model: String(model), sessionId: typeof session === 'string' ? session : undefined };
  }
}

function hasEnded({ event }: OutcomeEnvelope): Problem {
  const status = statusOf(event);
  return new Problem('NOT_IN_THIS_STATE', `The request is ${status} already`, { members: { state: status } });
}

function statusOf({ type }: InferenceOutcome): string {
  return type.slice('inference.'.length);
}

/** An outcome as its event has it. */
function settledBody(requestId: string, outcome: InferenceOutcome): string {
  const head = JSON.stringify({ request_id: requestId, status: statusOf(outcome) });
  return `${head.slice(0, -1)},"outcome":${eventDataToJsonText(outcome)}}`;
}

function askerOf(request: FastifyRequest): Asker {
  return { credential: credentialOf(request), trace: request.trace };
}

function hasBody({ body }: FastifyRequest): boolean {
  return Buffer.isBuffer(body) && body.length > 0;
}
