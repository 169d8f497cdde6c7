import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GroupedCalls, type Logger } from '@chorda/kernel';
import { crashPoint, isPlanted } from '@chorda/platform';
import type {
  Claim,
  ClaimOutcome,
  IdempotencyScope,
  IdempotentAnswerRepository,
  KeptAnswer,
} from '@chorda/read-models';
import { Problem } from '../http/problem.js';
import type { Answer, Outcome } from './answer.js';
import type { IdempotencyMetrics } from './idempotency.metrics.js';
import type { RedisAnswers } from './redis-answers.js';

export interface IdempotencySettings {
  /** How long an answer is kept. */
  readonly keepMs: number;
  /** How long a gateway that is gone holds up a repeat; one that lives renews it. */
  readonly leaseMs: number;
  /** Answers that may be kept at once; past it, requests with a key are told to come later. */
  readonly answersMax: number;
}

export interface IdempotentRequest extends IdempotencyScope {
  /** SHA-256 of what was sent. */
  readonly fingerprint: Buffer;
}

export type GivenOutcome = Outcome & { readonly isReplayed?: boolean };

/** Bytes of an answer that are kept, compressed. A larger one is worked out anew: its events have the same ids. */
const bodyBytesMax = 1024 * 1024;
/** Shorter ones are kept as they are: a header of gzip is most of what compressing them would save. */
const plainBytesMax = 1024;
const encodingHeader = 'x-kept-encoding';
/** Of a thousand answers each: as many as a gateway could keep in the time between. */
const pruneStepsMax = 1_000;
const groups = { itemsMax: 200, callsMax: 2 };
const zip = promisify(gzip);
const unzip = promisify(gunzip);

/**
 * One effect and one answer for each Idempotency-Key, as draft-ietf-httpapi-idempotency-key-header says. The key is
 * claimed in Postgres before anything is sent, and the answer is kept there before it is given; between the two, a
 * lease that is renewed while the gateway lives tells others that the request is being answered. A gateway that dies
 * leaves its lease to run out: then the same request is worked out anew, and its events have the ids that they had.
 */
export class IdempotentAnswers {
  /** Ours, by scope: two requests with one key in one gateway need no database to know of each other. */
  private readonly inFlight = new Map<string, Claim>();
  private readonly claims: GroupedCalls<Claim, ClaimOutcome>;
  private readonly saves: GroupedCalls<Claim & { readonly answer: KeptAnswer }, boolean>;
  private readonly renewal: NodeJS.Timeout;
  /** Past the bound no new answer is begun; those that Redis has are still given. */
  private isFull = false;

  constructor(
    private readonly repository: IdempotentAnswerRepository,
    private readonly front: RedisAnswers | undefined,
    private readonly settings: IdempotencySettings,
    private readonly metrics: IdempotencyMetrics,
    private readonly logger: Logger,
  ) {
    const { leaseMs, keepMs } = settings;
    this.claims = new GroupedCalls((claims) => repository.claim(claims, leaseMs, keepMs), groups);
    this.saves = new GroupedCalls(async (answers) => {
      const saved = await repository.save(answers, keepMs);
      return answers.map(({ token }) => saved.has(token));
    }, groups);
    this.renewal = setInterval(() => void this.renew(), leaseMs / 3);
    this.renewal.unref();
  }

  close(): void {
    clearInterval(this.renewal);
  }

  /**
   * The outcome of `work`, or the one that the same request was given before.
   *
   * @throws {@link Problem} `IDEMPOTENCY_KEY_IN_FLIGHT`, `IDEMPOTENCY_KEY_REUSED`, or `UNAVAILABLE` where the key could
   * not be claimed: then nothing was done. What `work` throws goes through, and its key is free again.
   */
  async once(request: IdempotentRequest, work: () => Promise<Outcome>): Promise<GivenOutcome> {
    if (isPlanted('no-idempotency-claim')) return work();
    const scope = JSON.stringify([request.tenantId, request.operation, request.key]);
    const running = this.inFlight.get(scope);
    if (running !== undefined) throw this.refusal(running.fingerprint.equals(request.fingerprint), 1_000);
    const claim: Claim = { ...request, token: randomUUID() };
    this.inFlight.set(scope, claim);
    try {
      return (await this.given(claim)) ?? (await this.first(claim, work));
    } finally {
      this.inFlight.delete(scope);
    }
  }

  private refusal(isSame: boolean, retryAfterMs: number): Problem {
    this.metrics.requests.inc({ result: isSame ? 'in_flight' : 'reused' });
    if (!isSame) {
      const detail = 'This Idempotency-Key was used for another request; a new request needs a new key';
      return new Problem('IDEMPOTENCY_KEY_REUSED', detail);
    }
    const headers = { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
    const detail = 'A request with this Idempotency-Key is being answered; ask again for its answer';
    return new Problem('IDEMPOTENCY_KEY_IN_FLIGHT', detail, { headers });
  }

  /** What was answered before; undefined where the claim is ours now. */
  private async given(claim: Claim): Promise<GivenOutcome | undefined> {
    const remembered = await this.front?.find(claim);
    if (remembered !== undefined) {
      if (!remembered.fingerprint.equals(claim.fingerprint)) throw this.refusal(false, 0);
      return this.replayed(remembered.answer);
    }
    const outcome = await this.claimed(claim);
    if (outcome.kind === 'claimed') {
      this.metrics.requests.inc({ result: 'first' });
      return undefined;
    }
    return this.settled(claim, outcome);
  }

  private async settled(claim: Claim, outcome: ClaimOutcome): Promise<GivenOutcome> {
    if (outcome.kind !== 'answered') {
      throw this.refusal(outcome.kind !== 'other_request', outcome.kind === 'in_flight' ? outcome.leaseMs : 0);
    }
    const { fingerprint } = claim;
    this.front?.remember(claim, { fingerprint, answer: outcome.answer }, outcome.expiresInMs);
    return this.replayed(outcome.answer);
  }

  private async claimed(claim: Claim): Promise<ClaimOutcome> {
    if (this.isFull) {
      const headers = { 'retry-after': '60' };
      throw new Problem('OVERLOADED', 'No more answers can be kept; send it without Idempotency-Key', { headers });
    }
    try {
      return await this.claims.call(claim);
    } catch (error) {
      const headers = { 'retry-after': '1' };
      const detail = 'Idempotency keys cannot be looked up at the moment; nothing was sent';
      throw new Problem('UNAVAILABLE', detail, { headers, cause: error });
    }
  }

  private async first(claim: Claim, work: () => Promise<Outcome>): Promise<GivenOutcome> {
    let outcome: Outcome;
    try {
      outcome = await work();
    } catch (error) {
      await this.letGo(claim, 'none');
      throw error;
    }
    if (outcome.effect !== 'logged') {
      await this.letGo(claim, outcome.effect);
      return outcome;
    }
    return this.kept(claim, outcome);
  }

  private async kept(claim: Claim, outcome: Extract<Outcome, { answer: Answer }>): Promise<GivenOutcome> {
    crashPoint('gateway-answered-unkept');
    const answer = await toKeep(outcome.answer);
    if (answer.body.length > bodyBytesMax) {
      this.metrics.unkept.inc({ reason: 'too_large' });
      await this.letGo(claim, 'uncertain');
      return outcome;
    }
    try {
      if (await this.saves.call({ ...claim, answer })) {
        crashPoint('gateway-kept-unanswered');
        this.front?.remember(claim, { fingerprint: claim.fingerprint, answer }, this.settings.keepMs);
        return outcome;
      }
      // We were away for longer than the lease, and somebody else took the request over: theirs is the answer.
      return await this.settled(claim, await this.repository.standing(claim));
    } catch (error) {
      if (error instanceof Problem) throw error;
      // What was acknowledged is said to be. A repeat finds the claim and, once it has run out, works it out anew.
      this.metrics.unkept.inc({ reason: 'database' });
      this.logger.warn('An answer could not be kept for a repeat of its request', { error });
      return outcome;
    }
  }

  /** Nothing is lost where this fails: the lease runs out by itself. */
  private async letGo(claim: Claim, effect: 'none' | 'uncertain'): Promise<void> {
    try {
      await (effect === 'none' ? this.repository.forget([claim]) : this.repository.lease([claim], 0));
    } catch (error) {
      this.logger.warn('A claim on an Idempotency-Key stays until its lease is over', { error });
    }
  }

  private async replayed(answer: KeptAnswer): Promise<GivenOutcome> {
    this.metrics.requests.inc({ result: 'replayed' });
    return { effect: 'logged', answer: await fromKept(answer), isReplayed: true };
  }

  private async renew(): Promise<void> {
    const claims = [...this.inFlight.values()];
    if (claims.length === 0) return;
    try {
      await this.repository.lease(claims, this.settings.leaseMs);
    } catch (error) {
      this.logger.warn('Claims on Idempotency-Keys could not be renewed', { error });
    }
  }

  /** Deletes what is past its time, in steps, and looks how much is left. */
  async prune(): Promise<void> {
    for (let step = 0, deleted = 1; step < pruneStepsMax && deleted > 0; step += 1) {
      deleted = await this.repository.prune();
      this.metrics.pruned.inc(deleted);
    }
    const kept = await this.repository.kept();
    this.metrics.kept.set(kept);
    this.isFull = kept >= this.settings.answersMax;
  }
}

async function toKeep({ status, headers, body }: Answer): Promise<KeptAnswer> {
  const plain = Buffer.from(body);
  if (plain.length <= plainBytesMax) return { status, headers, body: plain };
  return { status, headers: { ...headers, [encodingHeader]: 'gzip' }, body: await zip(plain) };
}

async function fromKept({ status, headers, body }: KeptAnswer): Promise<Answer> {
  const { [encodingHeader]: encoding, ...sent } = headers;
  const plain = encoding === undefined ? body : await unzip(body, { maxOutputLength: 64 * bodyBytesMax });
  return { status, headers: sent, body: plain.toString() };
}
