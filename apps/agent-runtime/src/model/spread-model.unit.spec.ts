import { describe, expect, it } from 'vitest';
import {
  ModelAbortedError,
  ModelOverloadedError,
  ModelStreamCutError,
  ModelUnavailableError,
  ModelUnknownError,
} from './model-errors.js';
import type { AskOptions, ChatAnswer, ChatRequest, ModelPort } from './model-port.js';
import { SpreadModel } from './spread-model.js';

const options: AskOptions = { signal: new AbortController().signal, timeoutMs: 1_000 };
const request = { messages: [{ role: 'user', content: 'hello' }] };
const usage = { promptTokens: 1, cachedPromptTokens: 0, completionTokens: 1 };

class Server implements ModelPort {
  asked = 0;
  fault: Error | undefined;

  constructor(
    readonly name: string,
    private readonly names: readonly string[] = [name],
  ) {}

  private answer<Answer>(value: Answer): Promise<Answer> {
    this.asked += 1;
    return this.fault ? Promise.reject(this.fault) : Promise.resolve(value);
  }

  timeoutsMs: number[] = [];

  chat(_request: ChatRequest, { timeoutMs }: AskOptions): Promise<ChatAnswer> {
    this.timeoutsMs.push(timeoutMs);
    const content = this.name;
    const common = { id: '', model: this.name, usage, isSimulated: false };
    return this.answer({ ...common, content, toolCalls: [], finishReason: 'stop' });
  }

  complete() {
    const common = { id: '', model: this.name, usage, isSimulated: false };
    return this.answer({ ...common, text: this.name, finishReason: 'stop' });
  }

  embed() {
    return this.answer({ id: '', model: this.name, usage, isSimulated: false, vectors: [] });
  }

  models() {
    return this.answer(this.names);
  }
}

const three = () => ['a', 'b', 'c'].map((name) => new Server(name));
const contents = async (model: ModelPort, count: number) => {
  const answers: (string | null)[] = [];
  for (let n = 0; n < count; n++) answers.push((await model.chat(request, options)).content);
  return answers.join('');
};

describe('several model servers', () => {
  it('are asked in turn', async () => {
    expect(await contents(new SpreadModel(three()), 7)).toBe('abcabca');
    const [only] = three();
    expect(await contents(new SpreadModel([only!]), 3)).toBe('aaa');
    // Whole milliseconds, of what is left.
    for (const ms of only!.timeoutsMs) expect(Number.isInteger(ms) && ms > 0 && ms <= 1_000).toBe(true);
  });

  it('stand in for one that cannot be reached, which is then asked last; when it answers again it has its turn', async () => {
    const servers = three();
    servers[1]!.fault = new ModelUnavailableError('cannot be reached');
    const model = new SpreadModel(servers);
    expect(await contents(model, 6)).toBe('accacc');
    // Once, and not again while it rests.
    expect(servers[1]!.asked).toBe(1);
  });

  it.each([
    ['has no room', new ModelOverloadedError(503, undefined)],
    ['does not have the model', new ModelUnknownError('tiny')],
  ])('stand in for one that %s', async (_, fault) => {
    const servers = three();
    servers[0]!.fault = fault;
    expect(await contents(new SpreadModel(servers), 3)).toBe('bbc');
  });

  it('tell what went wrong within an answer, and what all of them say', async () => {
    const servers = three();
    servers[0]!.fault = new ModelStreamCutError();
    const model = new SpreadModel(servers);
    await expect(model.chat(request, options)).rejects.toBe(servers[0]!.fault);
    expect(servers.map(({ asked }) => asked)).toEqual([1, 0, 0]);
    servers[0]!.fault = new ModelOverloadedError(503, 2_000);
    servers[1]!.fault = servers[2]!.fault = new ModelUnknownError('tiny');
    await expect(model.complete({ prompt: 'x' }, options)).rejects.toMatchObject({ code: 'MODEL_OVERLOADED' });
    servers[0]!.fault = servers[1]!.fault;
    await expect(model.embed({ texts: [] }, options)).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });

  it('are not asked any more when nobody waits', async () => {
    const servers = three();
    const aborting = new AbortController();
    aborting.abort();
    const asked = new SpreadModel(servers).chat(request, { ...options, signal: aborting.signal });
    await expect(asked).rejects.toBeInstanceOf(ModelAbortedError);
    expect(servers.map(({ asked: times }) => times)).toEqual([0, 0, 0]);
  });

  it('have the models of all that answer', async () => {
    const servers = [new Server('a', ['x', 'y']), new Server('b', ['y', 'z']), new Server('c')];
    servers[2]!.fault = new ModelUnavailableError('cannot be reached');
    const model = new SpreadModel(servers);
    expect(await model.models(options)).toEqual(['x', 'y', 'z']);
    for (const server of servers) server.fault = servers[2]!.fault;
    await expect(model.models(options)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  });
});
