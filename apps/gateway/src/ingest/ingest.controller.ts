import { Readable } from 'node:stream';
import { Controller, Headers, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { derivedId, newId, systemClock } from '@chorda/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { credentialOf } from '../auth/api-key.guard.js';
import { allows, RequireScope } from '../auth/scopes.js';
import { ReadYourWrites, type Reach } from '../events/read-your-writes.js';
import { projectionList, waitMs } from '../events/read-your-writes.query.js';
import { ingestLimits } from '../gateway.tokens.js';
import { sendProblem } from '../http/problem.filter.js';
import { RateLimits } from '../limits/rate-limits.js';
import { RegisteredDoor } from '../external-types/registered-door.js';
import { Problem } from '../http/problem.js';
import { StreamedBody, streamedAnswers } from '../http/read-body.js';
import { sendAnswer, type Outcome } from '../idempotency/answer.js';
import { IdempotentAnswers } from '../idempotency/idempotent-answers.js';
import { Documented } from '../reference/documented.js';
import type { Sender } from './accept-event.js';
import { readCloudEvents } from './cloud-event-request.js';
import { fingerprintOf, readIdempotencyKey } from './idempotency-key.js';
import { batchOutcome, positionOf, singleOutcome } from './ingest-answers.js';
import { ingestOperation } from './ingest.openapi.js';
import { IngestService, type AppendOptions } from './ingest.service.js';
import { NdjsonExchange, type ExchangeLimits } from './ndjson-exchange.js';
import { SimulationDoor } from './simulation-door.js';

export const ingestQuery = z.strictObject({
  ack: z.enum(['logged', 'projected']).default('logged'),
  projections: projectionList.optional(),
  wait: waitMs,
  validate: z.enum(['each', 'all']).default('each'),
  dry_run: z.enum(['true', 'false']).default('false'),
});
export type IngestQuery = z.infer<typeof ingestQuery>;

const operation = 'POST /v1/events';
const ndjson = { 'content-type': 'application/x-ndjson; charset=utf-8' };
/** Text that may wait for a client that does not read. */
const answerBytesMax = 256 * 1024;

@Controller('v1')
export class IngestController {
  constructor(
    private readonly ingest: IngestService,
    private readonly reads: ReadYourWrites,
    private readonly answers: IdempotentAnswers,
    private readonly simulation: SimulationDoor,
    private readonly registered: RegisteredDoor,
    private readonly rateLimits: RateLimits,
    @Inject(ingestLimits) private readonly limits: ExchangeLimits,
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
    const key = readIdempotencyKey(idempotencyKey);
    const sender = this.senderOf(request, key);
    if (request.body instanceof StreamedBody) {
      await this.exchange(request.body, query, sender, request, reply);
      return;
    }
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const work = () => this.outcomeOf(request, body, query, sender);
    // What is asked of a dry run is what the same request would come to now, so there is nothing to keep.
    if (key === undefined || query.dry_run === 'true') answerWith(reply, request, await work());
    else await this.answerOnce(key, body, query, request, reply, work);
  }

  private async outcomeOf(request: FastifyRequest, body: Buffer, query: IngestQuery, sender: Sender): Promise<Outcome> {
    const contentType = request.headers['content-type'] ?? '';
    const { mode, events } = readCloudEvents(contentType, request.raw.rawHeaders, body, this.limits.requestEventsMax);
    const results = await this.ingest.append(events, sender, optionsOf(query));
    const reach = query.ack === 'projected' ? await this.reach(positionOf(results), query) : undefined;
    return mode === 'batch' ? batchOutcome(results, reach) : singleOutcome(results, reach);
  }

  private async answerOnce(
    key: string,
    body: Buffer,
    query: IngestQuery,
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<Outcome>,
  ): Promise<void> {
    const { tenantId } = credentialOf(request);
    const contentType = request.headers['content-type'] ?? '';
    const fingerprint = fingerprintOf(contentType, request.raw.rawHeaders, query.validate, body);
    const outcome = await this.answers.once({ tenantId, operation, key, fingerprint }, work);
    answerWith(reply, request, outcome, outcome.isReplayed);
  }

  private async exchange(
    body: StreamedBody,
    query: IngestQuery,
    sender: Sender,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    if (query.validate === 'all') {
      const issues = [{ pointer: '', detail: 'validate=all needs every event before the first is sent' }];
      throw new Problem('INVALID_REQUEST', 'Send a batch: NDJSON is taken line by line', { issues });
    }
    const exchange = new NdjsonExchange(this.ingest, this.limits);
    const options = {
      isDryRun: query.dry_run === 'true',
      atEnd: async (position: string | undefined) =>
        query.ack === 'projected' ? this.reach(position, query) : undefined,
    };
    if (sender.idempotencyKey === undefined || options.isDryRun) {
      const lines = Readable.from(exchange.answer(body.stream, sender, options), {
        objectMode: false,
        highWaterMark: answerBytesMax,
      });
      streamedAnswers.add(request.raw.socket);
      void reply.code(200).headers(ndjson).send(lines);
      return;
    }
    // Whether the body is the one that the key stands for is known at its end only.
    const whole = await body.whole(this.limits.requestBytesMax);
    await this.answerOnce(sender.idempotencyKey, whole, query, request, reply, async () => {
      let text = '';
      for await (const lines of exchange.answer(Readable.from([whole]), sender, options)) text += lines;
      return {
        effect: exchange.isFinal ? 'logged' : 'uncertain',
        answer: { status: 200, headers: ndjson, body: text },
      };
    });
  }

  private reach(position: string | undefined, query: IngestQuery): Promise<Reach> {
    return this.reads.reach(position === undefined ? [] : [position], query.projections, query.wait);
  }

  private senderOf(request: FastifyRequest, key: string | undefined): Sender {
    const credential = credentialOf(request);
    const tracestate = request.headers['tracestate'];
    return {
      tenantId: credential.tenantId,
      idempotencyKey: key,
      correlationId: key === undefined ? newId() : derivedId(credential.tenantId, key, 'correlation'),
      traceparent: request.trace.traceparent,
      tracestate: typeof tracestate === 'string' && tracestate.length <= 512 ? tracestate : undefined,
      nowMs: systemClock.nowMs(),
      admitEvents: (count) => this.rateLimits.admitEvents(credential, count),
      registered: this.registered,
      maySimulate: this.simulation.isOpen && allows(credential, 'events:simulate'),
    };
  }
}

function optionsOf({ validate, dry_run: dryRun }: IngestQuery): AppendOptions {
  return { validate, isDryRun: dryRun === 'true' };
}

function answerWith(reply: FastifyReply, request: FastifyRequest, outcome: Outcome, isReplayed = false): void {
  if ('problem' in outcome) sendProblem(reply, outcome.problem, request.trace);
  else sendAnswer(reply, outcome.answer, isReplayed);
}
