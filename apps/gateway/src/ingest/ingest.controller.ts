import { Controller, Headers, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { encodePosition } from '@chorda/contracts';
import { derivedId, newId, systemClock } from '@chorda/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { credentialOf } from '../auth/api-key.guard.js';
import { allows, RequireScope } from '../auth/scopes.js';
import { Problem, type ProblemCode } from '../http/problem.js';
import { sendProblem } from '../http/problem.filter.js';
import { Documented } from '../reference/documented.js';
import { ReadYourWrites, type Reach } from '../events/read-your-writes.js';
import { projectionList, waitMs } from '../events/read-your-writes.query.js';
import type { Sender } from './accept-event.js';
import { readCloudEvents } from './cloud-event-request.js';
import { IngestService, itemBody, type ItemResult } from './ingest.service.js';
import { ingestOperation } from './ingest.openapi.js';
import { SimulationDoor } from './simulation-door.js';

const ingestQuery = z.strictObject({
  ack: z.enum(['logged', 'projected']).default('logged'),
  projections: projectionList.optional(),
  wait: waitMs,
});
type IngestQuery = z.infer<typeof ingestQuery>;

/** The draft wants a quoted text, most senders leave the quotes out: both are taken. */
const idempotencyKeyPattern = /^(?:"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/;

@Controller('v1')
export class IngestController {
  constructor(
    private readonly ingest: IngestService,
    private readonly reads: ReadYourWrites,
    private readonly simulation: SimulationDoor,
  ) {}

  @Post('events')
  @HttpCode(201)
  @RequireScope('events:write')
  @Documented(ingestOperation)
  async append(
    @Query({ schema: ingestQuery }) query: IngestQuery,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const sender = this.senderOf(request, idempotencyKey);
    const { mode, events } = readCloudEvents(request.headers['content-type'] ?? '', request.raw.rawHeaders, body);
    const results = await this.ingest.append(events, sender);
    const position = positionOf(results);
    const reach =
      query.ack === 'projected'
        ? await this.reads.reach(position === undefined ? [] : [position], query.projections, query.wait)
        : undefined;
    if (mode === 'batch') answerBatch(request, reply, results, position, reach);
    else answerSingle(request, reply, results, reach);
  }

  private senderOf(request: FastifyRequest, idempotencyKey: string | undefined): Sender {
    const credential = credentialOf(request);
    const key = readIdempotencyKey(idempotencyKey);
    const tracestate = request.headers['tracestate'];
    return {
      tenantId: credential.tenantId,
      idempotencyKey: key,
      correlationId: key === undefined ? newId() : derivedId(credential.tenantId, key, 'correlation'),
      traceparent: request.trace.traceparent,
      tracestate: typeof tracestate === 'string' && tracestate.length <= 512 ? tracestate : undefined,
      nowMs: systemClock.nowMs(),
      maySimulate: this.simulation.isOpen && allows(credential, 'events:simulate'),
    };
  }
}

function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = idempotencyKeyPattern.exec(header) ?? [];
  const key = quoted ?? bare;
  if (key !== undefined) return key;
  const issues = [{ pointer: '', header: 'idempotency-key', detail: 'must be 1 to 255 printable ASCII characters' }];
  throw new Problem('INVALID_REQUEST', 'Idempotency-Key is not well-formed', { issues });
}

/** Of everything that was logged; undefined when nothing was. */
function positionOf(results: readonly ItemResult[]): string | undefined {
  const places = results.flatMap((result) => (result.status === 'logged' ? [result.place] : []));
  return places.length === 0 ? undefined : encodePosition(places);
}

function answerSingle(
  request: FastifyRequest,
  reply: FastifyReply,
  results: readonly ItemResult[],
  reach: Reach | undefined,
): void {
  const [result] = results;
  if (result === undefined) throw new TypeError('A single event gave no result');
  if (result.status !== 'logged') {
    sendProblem(reply, withRetry(result.problem), request.trace);
    return;
  }
  void reply
    .code(201)
    .header('location', `/v1/events/${encodeURIComponent(result.id)}?source=${encodeURIComponent(result.source)}`)
    .send({ ...itemBody(result), ...reach });
}

/**
 * 200: every event is logged. 207: some are, so each item must be looked at. 422: none is, and none ever will be. 503:
 * none is known to be; the same request may be sent again.
 */
function answerBatch(
  request: FastifyRequest,
  reply: FastifyReply,
  results: readonly ItemResult[],
  position: string | undefined,
  reach: Reach | undefined,
): void {
  const items = results.map(itemBody);
  if (position !== undefined || results.length === 0) {
    const isWhole = results.every(({ status }) => status === 'logged');
    void reply.code(isWhole ? 200 : 207).send({ items, position: position ?? null, ...reach });
    return;
  }
  sendProblem(reply, withRetry(batchProblem(results, items)), request.trace);
}

function batchProblem(results: readonly ItemResult[], items: readonly unknown[]): Problem {
  const problems = results.flatMap((result) => (result.status === 'logged' ? [] : [result.problem]));
  const uncertain = problems.find(({ retriable }) => retriable);
  const code: ProblemCode = uncertain?.code ?? 'BATCH_REFUSED';
  const detail = uncertain?.detail ?? 'Every event of the batch breaks a rule; nothing was logged';
  return new Problem(code, detail, {
    issues: problems.flatMap(({ details }) => details.issues ?? []),
    members: { items },
  });
}

function withRetry(problem: Problem): Problem {
  if (problem.status !== 503) return problem;
  return new Problem(problem.code, problem.detail, { ...problem.details, headers: { 'retry-after': '1' } });
}
