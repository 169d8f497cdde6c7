// A worker of workflows: `CHORDA_URL=… CHORDA_API_KEY=… node examples/workflows/worker.ts`, until Ctrl-C.
import { pathToFileURL } from 'node:url';
import { ChordaClient, type Answers } from '@chorda/client';
import { ToolFailure, tools } from './tools.ts';

type Step = Answers.GivenStep;

/** Takes steps and does them until `signal` aborts; what it is doing then, it finishes. */
export async function work(client: ChordaClient, signal: AbortSignal): Promise<void> {
  const running = new Set<Promise<void>>();
  const wanted = { tools: Object.keys(tools), max: 10, wait_ms: 20_000, worker: 'example' };
  while (!signal.aborted) {
    // Aborted while it waits: there is nothing to finish.
    const steps = await client.steps.poll(wanted, { signal }).catch((error: unknown) => {
      if (signal.aborted) return [];
      throw error;
    });
    for (const step of steps) {
      const one: Promise<void> = perform(client, step).finally(() => running.delete(one));
      running.add(one);
    }
  }
  await Promise.all(running);
}

async function perform(client: ChordaClient, step: Step): Promise<void> {
  // Without a sign of life the step is given to somebody else.
  const beating = setInterval(() => void client.steps.beat(step).catch(() => undefined), step.lease_ms / 3);
  try {
    const output = await tools[step.tool]?.(Object(step.input), step.idempotency_key);
    await client.steps.answer(step, { output: output ?? null });
  } catch (error) {
    const code = error instanceof ToolFailure ? error.code : 'BROKEN';
    const message = error instanceof Error ? error.message : String(error);
    await client.steps.answer(step, { error: { code, message, retriable: code === 'BROKEN' } });
  } finally {
    clearInterval(beating);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { CHORDA_URL: url = 'http://127.0.0.1:4600', CHORDA_API_KEY: apiKey } = process.env;
  await work(new ChordaClient({ url, apiKey }), stop.signal);
}
