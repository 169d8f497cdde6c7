import { backoffMs, pause, type RetryOptions } from './backoff.js';
import { ChordaError, InvalidCallError } from './errors.js';
import type { GivenStep, StepResult } from './generated/answers.js';
import {
  beatsPerLease,
  concurrencyDefault,
  isLeaseLost,
  timerMsMax,
  waitMs,
  workMax,
  type WorkerTrouble,
} from './leased-work.js';
import type { StepsApi } from './runs.js';
import { StepAnswers } from './step-answers.js';

export interface StepWorkerOptions {
  /** Names the process, for people. */
  readonly name?: string;
  /** Whose steps: as `queue` of the step says. Default `default`. */
  readonly queue?: string;
  /** Steps that run at once. Default 10. */
  readonly concurrency?: number;
  /** Told of what `run` lives through: a gateway that is away, a lease that was lost, a tool that throws. */
  readonly onTrouble?: (trouble: WorkerTrouble) => void;
}

/** What a tool is told beside its input. */
export interface StepContext {
  /** The same for every attempt at this step: hand it on to whoever keeps idempotency keys. */
  readonly key: string;
  /** Aborted when the lease is lost or the time of the try is over: what the tool answers then is left aside. */
  readonly signal: AbortSignal;
  /** The step as it was given: its run, its attempt, its checkpoint. */
  readonly step: GivenStep;
  /** Keeps how far it is: the next try is given the last of these. `n` grows. */
  checkpoint(n: number, value: unknown): Promise<void>;
}

/** Its result, or a promise of it, is any JSON value. */
export type StepFunction<Input> = (input: Input, context: StepContext) => unknown;

/** Thrown by a tool: the run sees its class, code and details. Any other error is of the class `tool`, and tried again. */
export class StepError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly more: {
      /** What retries and catches of the definition are chosen by. Default `tool`. */
      readonly class?: string;
      /** Default true. */
      readonly retriable?: boolean;
      readonly details?: unknown;
    } = {},
  ) {
    super(message);
    this.name = 'StepError';
  }
}

const messageLengthMax = 2_000;

/**
 * Does steps of runs in your own program.
 *
 * Each step is leased: heartbeats keep the lease while the tool runs. A process that dies loses its leases; an idempotent
 * step is then given to another process with the same key, and any other is never repeated: its run stops until a person
 * says what became of it. It asks for more steps while it works, and what ends at about the same time is answered together.
 */
export class StepWorker {
  readonly #api: StepsApi;
  readonly #retry: Required<RetryOptions>;
  readonly #options: StepWorkerOptions;
  readonly #answers: StepAnswers;
  readonly #tools = new Map<string, StepFunction<unknown>>();
  readonly #running = new Set<Promise<void>>();

  /** Made by `client.stepWorker()`. */
  constructor(api: StepsApi, retry: Required<RetryOptions>, options: StepWorkerOptions) {
    this.#api = api;
    this.#retry = retry;
    this.#options = options;
    this.#answers = new StepAnswers(api, retry);
  }

  /** Adds a tool, by the name that steps call it by. Call it before `run`. */
  tool<Input = Record<string, unknown>>(name: string, run: StepFunction<Input>): this {
    if (this.#tools.has(name)) throw new InvalidCallError(`There is a tool named ${name} already`);
    // What a definition gives the tool is what `Input` stands for.
    this.#tools.set(name, (input, context) => run(input as Input, context));
    return this;
  }

  /**
   * Does steps until `signal` aborts; then it asks for no more, finishes what runs, and resolves. A gateway that is away is
   * waited for.
   *
   * @throws {@link ChordaError} what another try would not change: a key without the scope.
   */
  async run(signal?: AbortSignal): Promise<void> {
    if (this.#tools.size === 0) throw new InvalidCallError('There are no tools: add one with `stepWorker.tool(…)`');
    try {
      for (let failures = 0; !signal?.aborted;) {
        try {
          await this.#doNext(signal);
          failures = 0;
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof ChordaError) || !error.retriable) throw error;
          this.#tell({ what: 'poll', error });
          await pause(backoffMs(failures++, this.#retry), signal);
        }
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      await Promise.all(this.#running);
    }
  }

  async #doNext(signal: AbortSignal | undefined): Promise<void> {
    const free = (this.#options.concurrency ?? concurrencyDefault) - this.#running.size;
    if (free <= 0) {
      await Promise.race(this.#running);
      return;
    }
    const { name, queue } = this.#options;
    const wanted = {
      tools: [...this.#tools.keys()],
      max: Math.min(free, workMax),
      wait_ms: waitMs,
      ...(name && { worker: name }),
      ...(queue && { queue }),
    };
    for (const step of await this.#api.poll(wanted, { signal })) {
      const running: Promise<void> = this.#do(step).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  async #do(step: GivenStep): Promise<void> {
    const lost = new AbortController();
    const over = new Error('The time of the step is over');
    const timer = setTimeout(() => lost.abort(over), Math.min(step.left_ms, timerMsMax));
    const beating = this.#keep(step, lost);
    try {
      const result = await this.#resultOf(step, lost);
      if (!lost.signal.aborted) await this.#answers.send(step, result, lost.signal);
    } catch (error) {
      this.#tell({ what: isLeaseLost(error) ? 'lease' : 'answer', tool: step.tool, error });
    } finally {
      clearTimeout(timer);
      clearInterval(beating);
    }
  }

  #keep(step: GivenStep, lost: AbortController): ReturnType<typeof setInterval> {
    const beat = () => {
      this.#api.beat(step, { progress: step.idle_ms !== null }, { signal: lost.signal }).catch((error: unknown) => {
        this.#drop(step, lost, error);
      });
    };
    return setInterval(beat, Math.min(step.lease_ms, step.idle_ms ?? step.lease_ms) / beatsPerLease);
  }

  #drop(step: GivenStep, lost: AbortController, error: unknown): void {
    if (!isLeaseLost(error) || lost.signal.aborted) return;
    this.#tell({ what: 'lease', tool: step.tool, error });
    lost.abort(error);
  }

  async #resultOf(step: GivenStep, lost: AbortController): Promise<Omit<StepResult, 'lease_token'>> {
    const startedMs = Date.now();
    const duration = () => ({ duration_ms: Date.now() - startedMs });
    const run = this.#tools.get(step.tool);
    try {
      if (run === undefined) throw new StepError('TOOL_UNKNOWN', `This worker has no tool ${step.tool}`);
      const output = await run(step.input, {
        key: step.idempotency_key,
        signal: lost.signal,
        step,
        checkpoint: (n, value) => this.#checkpoint(step, lost, { n, value }),
      });
      // What JSON cannot hold is the tool's fault, and said as such.
      JSON.stringify(output);
      return { output: output ?? null, ...duration() };
    } catch (error) {
      if (!lost.signal.aborted) this.#tell({ what: 'tool', tool: step.tool, error });
      return { error: faultOf(error), ...duration() };
    }
  }

  async #checkpoint(
    step: GivenStep,
    lost: AbortController,
    checkpoint: { readonly n: number; readonly value: unknown },
  ): Promise<void> {
    try {
      await this.#api.beat(step, { progress: step.idle_ms !== null, checkpoint }, { signal: lost.signal });
    } catch (error) {
      this.#drop(step, lost, error);
      throw error;
    }
  }

  #tell(trouble: WorkerTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}

function faultOf(error: unknown): NonNullable<StepResult['error']> {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, messageLengthMax);
  if (!(error instanceof StepError)) return { code: 'TOOL_FAILED', message };
  const { details, ...said } = error.more;
  return { code: error.code, message, ...said, ...(isJson(details) && { details }) };
}

/** What JSON cannot hold would keep the whole fault from being told. */
function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}
