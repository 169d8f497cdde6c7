import { backoffMs, pause, type RetryOptions } from './backoff.js';
import { ChordaError, ProblemError } from './errors.js';
import type { GivenStep, StepResult } from './generated/answers.js';
import type { StepsApi } from './runs.js';

type Result = Omit<StepResult, 'lease_token'>;

interface Waiting {
  readonly item: Result & Pick<GivenStep, 'work_id' | 'lease_token'>;
  readonly characters: number;
  resolve(): void;
  reject(error: unknown): void;
}

const answersMax = 100;
/** Of one request; the gateway takes 10 MB, and a character may need three bytes. */
const charactersMax = 3_000_000;
/** Of one result: a larger one is not sent, since the gateway would hang up in the middle of it. */
const resultBytesMax = 9_900_000;
/** What the gateway says of a request that it will never take, whoever sends it. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422]);
/** Beside each other: what ends while both are under way goes together. */
const requestsMax = 2;
/** What was done must not come to be unknown because a gateway was away for a while. */
const triesMax = 60;

/** Sends what steps came to: alone where nothing else ends, many in a request where much does. */
export class StepAnswers {
  readonly #api: Pick<StepsApi, 'answerAll'>;
  readonly #retry: Required<RetryOptions>;
  #waiting: Waiting[] = [];
  #requests = 0;

  constructor(api: Pick<StepsApi, 'answerAll'>, retry: Required<RetryOptions>) {
    this.#api = api;
    this.#retry = retry;
  }

  /** @throws {@link ProblemError} `LEASE_LOST`: it changes nothing any more. */
  async send({ work_id, lease_token }: GivenStep, result: Result, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#enqueue({ work_id, lease_token, ...result });
      } catch (error) {
        if (!(error instanceof ChordaError) || !error.retriable || tries >= triesMax) throw error;
        await pause(backoffMs(tries, this.#retry), signal);
      }
    }
  }

  #enqueue(item: Waiting['item']): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(item);
      const waiting = { item, characters: text.length, resolve, reject };
      const bytes = text.length <= charactersMax ? text.length : new TextEncoder().encode(text).length;
      this.#waiting.push(bytes > resultBytesMax ? tooLarge(waiting, `its result has ${bytes} bytes`) : waiting);
      // What ends in the same turn goes together.
      queueMicrotask(() => this.#next());
    });
  }

  #next(): void {
    if (this.#requests >= requestsMax || this.#waiting.length === 0) return;
    const group = this.#take();
    this.#requests += 1;
    void this.#sendGroup(group).finally(() => {
      this.#requests -= 1;
      this.#next();
    });
    this.#next();
  }

  #take(): readonly Waiting[] {
    let characters = 0;
    const end = this.#waiting.findIndex((one, at) => {
      characters += one.characters;
      return at > 0 && (at >= answersMax || characters > charactersMax);
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #sendGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const answered = await this.#api.answerAll(group.map(({ item }) => item));
      for (const [at, { item, resolve, reject }] of group.entries()) {
        const { status, detail } = answered[at] ?? { status: 'lease_lost', detail: null };
        if (status === 'stored') resolve();
        else if (status === 'lease_lost') reject(leaseLost(detail));
        else this.#waiting.push(tooLarge({ item, characters: 0, resolve, reject }, detail));
      }
    } catch (error) {
      // One that the gateway does not understand keeps no other back.
      const isRefused = error instanceof ChordaError && !error.retriable;
      // Nor one that it cannot keep just now: a large one, while the store of payloads is away.
      const isOfOne = isRefused || (error instanceof ProblemError && error.status === 503);
      const [first] = group;
      if (isOfOne && group.length > 1) await Promise.all(group.map((one) => this.#sendGroup([one])));
      else if (first && isRefused && refusals.has(error.status ?? 0) && !isOwn(first)) {
        this.#waiting.push(refused(first, error));
      } else for (const { reject } of group) reject(error);
    }
  }
}

function leaseLost(detail: string | null): ProblemError {
  return new ProblemError(409, { code: 'LEASE_LOST', ...(detail !== null && { detail }) });
}

type Fault = NonNullable<Result['error']>;

const ownCodes: ReadonlySet<string | undefined> = new Set(['RESULT_TOO_LARGE', 'RESULT_REFUSED']);
const messageLengthMax = 2_000;

/** Said in the place of a result: where that is refused too, there is nothing left to say. */
function isOwn({ item }: Waiting): boolean {
  return ownCodes.has(item.error?.code);
}

/** The step was done: that must not come to be unknown for the size of what it says. */
function tooLarge(waiting: Waiting, detail: string | null): Waiting {
  const message = `The step was done; ${detail ?? ''}`;
  return instead(waiting, { code: 'RESULT_TOO_LARGE', message, retriable: false });
}

/** Nor for a rule that it breaks: a code that is too long, a value nested too deep. */
function refused(waiting: Waiting, { message }: ChordaError): Waiting {
  const { error } = waiting.item;
  const what = error === undefined ? 'The step was done' : `The step failed (${error.message})`;
  const said = `${what}, and its result was refused: ${message}`;
  return instead(waiting, {
    code: 'RESULT_REFUSED',
    message: said,
    retriable: error?.retriable ?? error !== undefined,
  });
}

function instead({ item: { work_id, lease_token }, resolve, reject }: Waiting, fault: Fault): Waiting {
  const error = { ...fault, message: fault.message.slice(0, messageLengthMax) };
  return { item: { work_id, lease_token, error }, characters: 0, resolve, reject };
}
