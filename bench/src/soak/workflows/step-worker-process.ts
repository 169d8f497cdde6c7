import { ChordaClient, ChordaError } from '@chorda/client';
import { sleep } from '@chorda/kernel';
import { crashPoint } from '@chorda/platform';
import { idempotentOf } from './plan.js';

/** A user's own process that does steps of runs. What its tools do is done outside, and seen there. */
const env = process.env;
const effects = env['EFFECTS_URL'] ?? '';
const client = new ChordaClient({ url: env['CHORDA_URL'] ?? '', apiKey: env['CHORDA_API_KEY'] ?? '' });
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());

const pollers = 4;
const wanted = { tools: Object.keys(idempotentOf), max: 5, wait_ms: 5_000, worker: `worker ${process.pid}` };
const answerTriesMax = 60;

type Step = Awaited<ReturnType<typeof client.steps.poll>>[number];

await Promise.all(Array.from({ length: pollers }, poll));

async function poll(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      await Promise.all((await client.steps.poll(wanted, stopping)).map(doStep));
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!(error instanceof ChordaError) || !error.retriable) throw error;
      await sleep(300);
    }
  }
}

async function doStep(step: Step): Promise<void> {
  const { effect, fails = 0 } = { ...Object(step.input) } as { effect: string; fails?: number };
  const beating = setInterval(() => void client.steps.beat(step).catch(() => undefined), step.lease_ms / 3);
  try {
    if (step.attempt <= fails) return await answer(step, { error: { message: 'As planned', retriable: true } });
    crashPoint('worker-before-effect');
    const query = new URLSearchParams({ effect, tool: step.tool }).toString();
    const headers = { 'idempotency-key': step.idempotency_key };
    const response = await fetch(`${effects}/?${query}`, { method: 'POST', headers });
    const output: unknown = await response.json();
    crashPoint('worker-after-effect');
    await answer(step, { output });
  } finally {
    clearInterval(beating);
  }
}

/** Until it is taken: what was done must not come to be unknown because a gateway was away. */
async function answer(step: Step, result: Parameters<typeof client.steps.answer>[1]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await client.steps.answer(step, result);
    } catch (error) {
      const isLost = error instanceof ChordaError && 'code' in error && error.code === 'LEASE_LOST';
      if (isLost) return console.log(`lease of ${step.run_id} ${step.step_id} was lost`);
      if (!(error instanceof ChordaError) || !error.retriable || tries > answerTriesMax) throw error;
      await sleep(200);
    }
  }
}
