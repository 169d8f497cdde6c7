import { createHash } from 'node:crypto';
import { derivedId, newId, systemClock } from '@chorda/kernel';
import { isPlanted } from '@chorda/platform';
import type { WorkerPresence } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../../auth/credential-of.js';
import { Problem } from '../../http/problem.js';
import type { Outcome } from '../../idempotency/answer.js';
import { sendAnswer } from '../../idempotency/answer.js';
import type { IdempotentAnswers } from '../../idempotency/idempotent-answers.js';
import { readIdempotencyKey } from '../../ingest/idempotency-key.js';
import type { InferenceOperation } from '../ask.js';
import type { Asker, InferenceDesk } from '../inference-desk.js';
import type { InferenceMetrics } from '../inference.metrics.js';
import type { InferenceOutcome } from '../inference-waits.js';
import { readOpenAiBody, type OpenAiAsk } from './openai-body.js';
import { openAiFailureOfOutcome, unansweredFailure, type OpenAiFailure } from './openai-error.js';
import { OpenAiStream, type StreamResult } from './openai-stream.js';

export interface OpenAiDoorParts {
  readonly desk: InferenceDesk;
  readonly answers: IdempotentAnswers;
  readonly metrics: InferenceMetrics;
  readonly clientBytesMax: number;
  readonly presence: WorkerPresence;
  /** How long behind its deadline an outcome may still come. */
  readonly graceMs: number;
}

const door = 'openai';
const absentRetryAfterS = 5;
const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };
/** Names the request at `GET /v1/inference/{id}`. */
export const requestIdHeader = 'x-chorda-request-id';

/** Chat completions, completions and embeddings as the OpenAI API has them, through the log and back. */
export class OpenAiDoor {
  constructor(private readonly parts: OpenAiDoorParts) {}

  /** @throws {@link Problem} while nothing was answered. */
  async answer(operation: InferenceOperation, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const header = request.headers['idempotency-key'];
    const key = readIdempotencyKey(Array.isArray(header) ? header[0] : header);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { tenantId } = credentialOf(request);
    const id = key === undefined ? newId() : derivedId(tenantId, `openai ${operation}`, key);
    const ask = readOpenAiBody(operation, body, request.headers, id);
    await this.refuseWithoutWorkers();
    void reply.header(requestIdHeader, id);
    if (key === undefined) return ask.stream ? this.stream(ask, request, reply) : this.whole(ask, request, reply);
    if (ask.stream) {
      const issues = [{ pointer: '', header: 'idempotency-key', detail: 'cannot be kept for a stream' }];
      throw new Problem('INVALID_REQUEST', 'Idempotency-Key: a stream is not given twice', { issues });
    }
    const fingerprint = createHash('sha256').update(`${operation}\n`).update(body).digest();
    const once = { tenantId, operation: `openai ${operation}`, key, fingerprint };
    const outcome = await this.parts.answers.once(once, () => this.kept(ask, request, reply));
    if ('problem' in outcome) throw outcome.problem;
    sendAnswer(reply, outcome.answer, outcome.isReplayed);
  }

  /** Who waits at an open connection is told, and not kept until the deadline; a job may wait for a worker to come. */
  private async refuseWithoutWorkers(): Promise<void> {
    const { presence, metrics } = this.parts;
    const missingMs = await presence.missing();
    if (missingMs === undefined) return;
    metrics.refused.inc({ reason: 'no_worker' });
    const message = `No inference worker was heard of for ${Math.round(missingMs / 1_000)} s: nobody reads requests to models`;
    throw new Problem('UNAVAILABLE', message, { headers: { 'retry-after': String(absentRetryAfterS) } });
  }

  private async whole(ask: OpenAiAsk, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const outcome = await this.outcomeOf(ask, request, reply);
    // Its client has gone.
    if (outcome === undefined) return;
    if (outcome === 'unanswered') return sendFailure(reply, this.unanswered(ask));
    this.count(ask, outcome.type);
    if (outcome.type === 'inference.completed') void reply.headers(jsonHeaders).send(outcome.data.output_data);
    else sendFailure(reply, openAiFailureOfOutcome(outcome));
  }

  private async kept(ask: OpenAiAsk, request: FastifyRequest, reply: FastifyReply): Promise<Outcome> {
    const outcome = await this.outcomeOf(ask, request, reply);
    if (outcome === undefined) {
      return {
        effect: 'uncertain',
        problem: new Problem('NOT_ATTEMPTED', 'The caller left before there was an answer'),
      };
    }
    if (outcome === 'unanswered') {
      const { status, headers, error } = this.unanswered(ask);
      const answer = { status, headers: { ...headers, ...jsonHeaders }, body: JSON.stringify({ error }) };
      // The same request again may find an outcome.
      return { effect: 'uncertain', answer };
    }
    this.count(ask, outcome.type);
    const headers = { ...jsonHeaders, [requestIdHeader]: ask.requestId };
    if (outcome.type === 'inference.completed') {
      return { effect: 'logged', answer: { status: 200, headers, body: outcome.data.output_data } };
    }
    const failure = openAiFailureOfOutcome(outcome);
    const body = JSON.stringify({ error: failure.error });
    return { effect: 'logged', answer: { status: failure.status, headers: { ...failure.headers, ...headers }, body } };
  }

  /**
   * Undefined where the client left first; `unanswered` where nobody has said anything by the deadline, as with no worker
   * there. The request is cancelled then.
   */
  private outcomeOf(
    ask: OpenAiAsk,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<InferenceOutcome | 'unanswered' | undefined> {
    const { desk } = this.parts;
    const asker = askerOf(request);
    // It left while it was asked who it is.
    if (reply.raw.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = desk.listen(asker.credential.tenantId, ask.requestId, { outcome: (outcome) => over(outcome) });
      let late: NodeJS.Timeout | undefined;
      const over = (outcome: InferenceOutcome | 'unanswered' | undefined) => {
        end();
        clearTimeout(late);
        late = undefined;
        isOver = true;
        reply.raw.removeListener('close', left);
        resolve(outcome);
      };
      const left = () => {
        this.leave(ask, asker);
        over(undefined);
      };
      reply.raw.once('close', left);
      const failed = (error: unknown) => {
        end();
        reply.raw.removeListener('close', left);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      this.take(ask, asker, request).then((waitMs) => {
        if (!isOver) late = setTimeout(() => over('unanswered'), waitMs);
      }, failed);
    });
  }

  private async stream(ask: OpenAiAsk, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { desk, metrics, clientBytesMax } = this.parts;
    const asker = askerOf(request);
    if (reply.raw.destroyed) return;
    const startMs = performance.now();
    let late: NodeJS.Timeout | undefined;
    let isOver = false;
    const over = (result: StreamResult) => {
      isOver = true;
      clearTimeout(late);
      end();
      reply.raw.removeListener('close', left);
      metrics.requests.inc({ door, operation: ask.operation, result });
      if (result === 'slow' || result === 'voided') desk.cancelForWhoLeft(withdrawnOf(ask), asker);
    };
    const stream = new OpenAiStream({
      ...{ request, reply, clientBytesMax },
      wantsUsage: ask.wantsUsage,
      onBegin: () => metrics.firstToken.observe((performance.now() - startMs) / 1_000),
      onEnd: over,
      refuse: (failure) => sendFailure(reply, failure),
    });
    const end = desk.listen(asker.credential.tenantId, ask.requestId, stream);
    const left = () => {
      isOver = true;
      clearTimeout(late);
      stream.stop();
      end();
      this.leave(ask, asker);
    };
    reply.raw.once('close', left);
    try {
      const waitMs = await this.take(ask, asker, request);
      if (!isOver) late = setTimeout(() => stream.giveUp(unansweredFailure()), waitMs);
    } catch (error) {
      stream.stop();
      end();
      reply.raw.removeListener('close', left);
      throw error;
    }
  }

  /**
   * What waits from here on waits for a model and not for the brokers: the room for writes is given back.
   *
   * @returns How long to wait for the outcome, milliseconds.
   */
  private async take(ask: OpenAiAsk, asker: Asker, request: FastifyRequest): Promise<number> {
    const { desk, graceMs } = this.parts;
    const { deadlineAtMs } = await desk.take(ask, asker);
    request.lease?.leave();
    return Math.max(0, deadlineAtMs - systemClock.nowMs()) + graceMs;
  }

  /** Workers that were away drop it too when they come to it: its deadline is over. */
  private unanswered({ operation }: OpenAiAsk): OpenAiFailure {
    this.parts.metrics.requests.inc({ door, operation, result: 'unanswered' });
    return unansweredFailure();
  }

  private leave(ask: OpenAiAsk, asker: Asker): void {
    const { desk, metrics } = this.parts;
    metrics.requests.inc({ door, operation: ask.operation, result: 'left' });
    if (!isPlanted('doors-leaver-not-cancelled')) desk.cancelForWhoLeft(withdrawnOf(ask), asker);
  }

  private count({ operation }: OpenAiAsk, type: InferenceOutcome['type']): void {
    this.parts.metrics.requests.inc({ door, operation, result: type.slice('inference.'.length) });
  }
}

function withdrawnOf({ requestId, model, terms }: OpenAiAsk) {
  return { requestId, model, sessionId: terms.session_id };
}

function askerOf(request: FastifyRequest): Asker {
  return { credential: credentialOf(request), trace: request.trace };
}

function sendFailure(reply: FastifyReply, { status, headers, error }: OpenAiFailure): void {
  void reply
    .code(status)
    .headers({ ...headers, ...jsonHeaders })
    .send(JSON.stringify({ error }));
}
