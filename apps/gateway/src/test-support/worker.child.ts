import { ChordaClient } from '@chorda/client';

/** A worker as a process, whose tool never answers: `workers.int.spec.ts` kills it in the middle of a call. */
const env = process.env;
const client = new ChordaClient({ url: env['CHORDA_URL'] ?? '', apiKey: env['CHORDA_API_KEY'] ?? '' });
const worker = client.worker();
worker.tool(
  env['TOOL'] ?? '',
  {},
  async (_args, { key }) => {
    process.stdout.write(`called ${key}\n`);
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  },
  { idempotent: env['IDEMPOTENT'] === 'true' },
);
await worker.run();
