import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InferenceGround } from './test-support/inference-ground.js';

const conversations = Array.from({ length: 40 }, (_, index) => `chat-${index}`);
const turns = [1, 2, 3];
const patientMs = 60_000;

let ground: InferenceGround;
let simulators: readonly ModelSimulator[];
let worker: Awaited<ReturnType<InferenceGround['worker']>>;

beforeAll(async () => {
  ground = await InferenceGround.open(inject('stack'));
  simulators = await Promise.all([startModelSimulator(), startModelSimulator()]);
  // Room for all at once: what is held against the worker is where it sends them, not how many.
  worker = await ground.worker(
    simulators.map(({ url }) => url),
    { CHORDA_INFERENCE_WINDOW: '100' },
  );
});

afterAll(async () => {
  await worker?.app.stop();
  await Promise.all((simulators ?? []).map((simulator) => simulator.stop()));
  await ground?.close();
});

/** As a conversation grows: each turn begins with all that was said before. */
const saidBy = (conversation: string, turn: number) => ({
  messages: [{ role: 'user', content: `${conversation} `.repeat(60 * turn) }],
  max_tokens: 4,
});

describe('requests that begin alike', () => {
  it(
    'go to the server that holds the conversation, and conversations to all servers',
    { timeout: 200_000 },
    async () => {
      const ids = new Map<string, string[]>();
      for (const turn of turns) {
        await Promise.all(
          conversations.map(async (session) => {
            const id = await ground.ask({ session, input: saidBy(session, turn) });
            ids.set(session, [...(ids.get(session) ?? []), id]);
          }),
        );
        await ground.outcomes([...ids.values()].flat(), patientMs);
      }
      const all = [...ids.values()].flat();
      await ground.until(() => all.every((id) => ground.usageOf(id).length > 0), patientMs);
      const serversOf = (session: string) =>
        new Set((ids.get(session) ?? []).flatMap((id) => ground.usageOf(id)).map(({ replica }) => replica));
      expect(conversations.map((session) => serversOf(session).size)).toEqual(conversations.map(() => 1));
      expect(new Set(conversations.flatMap((session) => [...serversOf(session)])).size).toBe(simulators.length);
      // The server says so too: all but the first turn found its beginning there.
      const cached = turns.slice(1).map((_, at) =>
        conversations.map((session) => {
          const [usage] = ground.usageOf(ids.get(session)?.[at + 1] ?? '');
          return Number(usage?.cached_prompt_tokens) > 0;
        }),
      );
      expect(cached.flat()).not.toContain(false);
    },
  );
});
