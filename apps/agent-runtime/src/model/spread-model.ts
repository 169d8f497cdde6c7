import {
  ModelAbortedError,
  ModelError,
  ModelOverloadedError,
  ModelTimedOutError,
  ModelUnavailableError,
  ModelUnknownError,
} from './model-errors.js';
import type { AskOptions, ChatRequest, CompletionRequest, EmbeddingRequest, ModelPort } from './model-port.js';

/** How long a server that could not be reached is asked after the others only. */
const restMs = 5_000;

/**
 * Several servers as one: each request goes to the next in turn. A server that cannot be reached, has no room or does not
 * know the model is passed over for the next, each once; what went wrong within an answer is told, since whoever asks
 * decides whether it is worth asking again.
 */
export class SpreadModel implements ModelPort {
  private readonly restingUntilMs: number[];
  private turn = 0;

  /** @param servers One or more. */
  constructor(private readonly servers: readonly ModelPort[]) {
    this.restingUntilMs = servers.map(() => 0);
  }

  chat(request: ChatRequest, options: AskOptions) {
    return this.ask(options, (server, left) => server.chat(request, left));
  }

  complete(request: CompletionRequest, options: AskOptions) {
    return this.ask(options, (server, left) => server.complete(request, left));
  }

  embed(request: EmbeddingRequest, options: AskOptions) {
    return this.ask(options, (server, left) => server.embed(request, left));
  }

  /** Of all servers that answer. @throws ModelError where none does. */
  async models(options: AskOptions): Promise<readonly string[]> {
    const lists = await Promise.allSettled(this.servers.map((server) => server.models(options)));
    const found = lists.flatMap((list) => (list.status === 'fulfilled' ? [list.value] : []));
    if (found.length > 0) return [...new Set(found.flat())];
    const failed = lists.find((list) => list.status === 'rejected');
    throw failed?.reason ?? new ModelUnavailableError('cannot be reached');
  }

  private async ask<Answer>(
    options: AskOptions,
    send: (server: ModelPort, options: AskOptions) => Promise<Answer>,
  ): Promise<Answer> {
    const untilMs = performance.now() + options.timeoutMs;
    let last: ModelError | undefined;
    for (const index of this.order()) {
      // Timers take whole milliseconds alone.
      const timeoutMs = Math.floor(untilMs - performance.now());
      if (options.signal.aborted) throw new ModelAbortedError();
      if (timeoutMs <= 0) break;
      const server = this.servers[index];
      if (!server) continue;
      try {
        const answer = await send(server, { ...options, timeoutMs });
        this.restingUntilMs[index] = 0;
        return answer;
      } catch (error) {
        if (!(error instanceof ModelError) || !isOfServer(error)) throw error;
        if (error instanceof ModelUnavailableError) this.restingUntilMs[index] = performance.now() + restMs;
        // What another says of a model that it does not have tells less than what one with it says.
        if (last === undefined || !(error instanceof ModelUnknownError)) last = error;
      }
    }
    throw last ?? new ModelTimedOutError(options.timeoutMs);
  }

  /** From the next in turn on, those that rest behind the others. */
  private order(): readonly number[] {
    const { length } = this.servers;
    const first = this.turn++ % length;
    const indexes = Array.from({ length }, (_, step) => (first + step) % length);
    const nowMs = performance.now();
    const rests = (index: number) => (this.restingUntilMs[index] ?? 0) > nowMs;
    return [...indexes.filter((index) => !rests(index)), ...indexes.filter(rests)];
  }
}

/** Another server may do better. */
function isOfServer(error: ModelError): boolean {
  return (
    error instanceof ModelUnavailableError ||
    error instanceof ModelOverloadedError ||
    error instanceof ModelUnknownError
  );
}
