import { backoffMs, pause, type RetryOptions } from './backoff.js';
import { ChordaError, InvalidCallError, ProblemError } from './errors.js';
import type { GivenCall } from './generated/answers.js';
import {
  beatsPerLease,
  concurrencyDefault,
  isLeaseLost,
  timerMsMax,
  waitMs,
  workMax,
  type WorkerTrouble,
} from './leased-work.js';
import type { CallResult, ToolRegistration, ToolsApi } from './tools.js';

export interface WorkerOptions {
  /** Names the process, for people. */
  readonly name?: string;
  /** Calls that run at once. Default 10. */
  readonly concurrency?: number;
  /** Told of what `run` lives through: a gateway that is away, a lease that was lost, a tool that throws. */
  readonly onTrouble?: (trouble: WorkerTrouble) => void;
}

/** What a tool is told beside its arguments. */
export interface ToolContext {
  /** The same for every attempt at this call: hand it on to whoever keeps idempotency keys. */
  readonly key: string;
  /** Aborted when the lease is lost or the call's time is over: what the tool answers then is left aside. */
  readonly signal: AbortSignal;
  readonly agentId: string;
  readonly executionId: string;
  readonly callId: string;
  /** Counts the attempts at the call, from 1. */
  readonly attempt: number;
  /** W3C trace context of whoever asked; null: none. */
  readonly traceparent: string | null;
}

/** Its result, or a promise of it, is any JSON value. */
export type ToolFunction<Args> = (args: Args, context: ToolContext) => unknown;

/** Thrown by a tool: the model is told code and message. Any other error becomes `TOOL_FAILED` with its message. */
export class ToolCallError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
    this.name = 'ToolCallError';
  }
}

interface Offered {
  readonly registration: ToolRegistration;
  run(args: unknown, context: ToolContext): unknown;
}

/**
 * Offers tools of this process to agents, and does their calls.
 *
 * Each call is leased: heartbeats keep the lease while the tool runs. A process that dies loses its leases; a call of an
 * idempotent tool is then given to another process with the same key, and any other call is never repeated but reported
 * as lost. So declare `idempotent` only what does no harm when it is done twice with the same key.
 */
export class Worker {
  readonly #api: ToolsApi;
  readonly #retry: Required<RetryOptions>;
  readonly #options: WorkerOptions;
  readonly #tools = new Map<string, Offered>();
  readonly #running = new Set<Promise<void>>();

  /** Made by `client.worker()`. */
  constructor(api: ToolsApi, retry: Required<RetryOptions>, options: WorkerOptions) {
    this.#api = api;
    this.#retry = retry;
    this.#options = options;
  }

  /**
   * Adds a tool. Call it before `run`.
   *
   * @param parameters JSON Schema of the arguments: the gateway hands out no call that breaks it.
   * @param options Among them `idempotent`, false unless you say so.
   */
  tool<Args = Record<string, unknown>>(
    name: string,
    parameters: object,
    run: ToolFunction<Args>,
    options: Omit<ToolRegistration, 'name' | 'parameters'> = {},
  ): this {
    if (this.#tools.has(name)) throw new InvalidCallError(`There is a tool named ${name} already`);
    // The gateway has checked the arguments by the schema, which is what `Args` stands for.
    const checked = (args: unknown, context: ToolContext) => run(args as Args, context);
    this.#tools.set(name, { registration: { ...options, name, parameters }, run: checked });
    return this;
  }

  /**
   * Registers the tools and does their calls until `signal` aborts; then it asks for no more, finishes what runs, and
   * resolves. A gateway that is away is waited for.
   *
   * @throws {@link ChordaError} what another try would not change: a bad schema, a key without the scope.
   */
  async run(signal?: AbortSignal): Promise<void> {
    if (this.#tools.size === 0) throw new InvalidCallError('There are no tools: add one with `worker.tool(…)`');
    try {
      await this.#persist(() => this.#register(signal), signal);
      while (!signal?.aborted) {
        await this.#persist(() => this.#doNext(signal), signal);
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      await Promise.all(this.#running);
    }
  }

  async #register(signal: AbortSignal | undefined): Promise<void> {
    await this.#api.register(
      [...this.#tools.values()].map(({ registration }) => registration),
      { signal },
    );
  }

  async #doNext(signal: AbortSignal | undefined): Promise<void> {
    const free = (this.#options.concurrency ?? concurrencyDefault) - this.#running.size;
    if (free <= 0) {
      await Promise.race(this.#running);
      return;
    }
    const { name } = this.#options;
    const asked = {
      tools: [...this.#tools.keys()],
      max: Math.min(free, workMax),
      wait_ms: waitMs,
      ...(name && { worker: name }),
    };
    for (const call of await this.#api.poll(asked, { signal })) this.#begin(call);
  }

  #begin(call: GivenCall): void {
    const running: Promise<void> = this.#do(call).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #do(call: GivenCall): Promise<void> {
    const lost = new AbortController();
    const over = setTimeout(
      () => lost.abort(new Error('The time of the call is over')),
      Math.min(call.left_ms, timerMsMax),
    );
    const beating = this.#keep(call, lost);
    try {
      const result = await this.#resultOf(call, lost.signal);
      if (!lost.signal.aborted) await this.#answer(call, result);
    } catch (error) {
      this.#tell({ what: isLeaseLost(error) ? 'lease' : 'answer', tool: call.tool, error });
    } finally {
      clearTimeout(over);
      clearInterval(beating);
    }
  }

  #keep(call: GivenCall, lost: AbortController): ReturnType<typeof setInterval> {
    return setInterval(() => {
      this.#api.beat(call, { signal: lost.signal }).catch((error: unknown) => {
        if (!isLeaseLost(error) || lost.signal.aborted) return;
        this.#tell({ what: 'lease', tool: call.tool, error });
        lost.abort(error);
      });
    }, call.lease_ms / beatsPerLease);
  }

  async #resultOf(call: GivenCall, signal: AbortSignal): Promise<CallResult> {
    const startedMs = Date.now();
    const offered = this.#tools.get(call.tool);
    try {
      if (offered === undefined) throw new ToolCallError('TOOL_UNKNOWN', `This worker has no tool ${call.tool}`);
      const output = await offered.run(call.arguments, {
        key: call.idempotency_key,
        signal,
        agentId: call.agent_id,
        executionId: call.execution_id,
        callId: call.call_id,
        attempt: call.attempt,
        traceparent: call.traceparent,
      });
      // What JSON cannot hold is the tool's fault, and said as such.
      JSON.stringify(output);
      return { output_data: output ?? null, duration_ms: Date.now() - startedMs };
    } catch (error) {
      this.#tell({ what: 'tool', tool: call.tool, error });
      return { error: faultOf(error), duration_ms: Date.now() - startedMs };
    }
  }

  async #answer(call: GivenCall, result: CallResult): Promise<void> {
    try {
      await this.#api.answer(call, result);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'PAYLOAD_TOO_LARGE') throw error;
      // The tool has done its work: that must not come to be unknown for the size of what it says.
      const fault = { code: 'RESULT_TOO_LARGE', message: `The call was made; ${error.message}`.slice(0, 8_000) };
      await this.#api.answer(call, { error: fault });
    }
  }

  /** Until it succeeds; what another try would not change is thrown. */
  async #persist(act: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await act();
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ProblemError && error.code === 'NOT_FOUND') await this.#register(signal);
        else if (!(error instanceof ChordaError) || !error.retriable) throw error;
        this.#tell({ what: 'poll', error });
        await pause(backoffMs(failures, this.#retry), signal);
      }
    }
  }

  #tell(trouble: WorkerTrouble): void {
    this.#options.onTrouble?.(trouble);
  }
}

function faultOf(error: unknown) {
  if (error instanceof ToolCallError) {
    const { code, message, details } = error;
    return { code, message, ...(details !== undefined && { details }) };
  }
  return { code: 'TOOL_FAILED', message: (error instanceof Error ? error.message : String(error)).slice(0, 8_000) };
}
