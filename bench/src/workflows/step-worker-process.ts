import { ChordaClient, ChordaError } from '@chorda/client';
import { sleep } from '@chorda/kernel';

/** A user's own process: its one tool adds one to a number, so that what is measured is all around it. */
const env = process.env;
const client = new ChordaClient({ url: env['CHORDA_URL'] ?? '', apiKey: env['CHORDA_API_KEY'] ?? '' });
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
const pollers = 4;
const wanted = { tools: ['add'], max: 50, wait_ms: 10_000, worker: 'bench' };

await Promise.all(Array.from({ length: pollers }, poll));

async function poll(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      const steps = await client.steps.poll(wanted, stopping);
      // Asks for more while it answers.
      void Promise.all(steps.map(answer)).catch((error: unknown) => console.log(error));
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!(error instanceof ChordaError) || !error.retriable) throw error;
      await sleep(200);
    }
  }
}

async function answer(step: Awaited<ReturnType<typeof client.steps.poll>>[number]): Promise<void> {
  const { value }: { readonly value?: number } = { ...Object(step.input) };
  await client.steps.answer(step, { output: (value ?? 0) + 1 });
}
