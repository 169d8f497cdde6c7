import { ChordaClient } from '@chorda/client';

/** A user's own process: its one tool adds one to a number, so that what is measured is all around it. */
const env = process.env;
const client = new ChordaClient({ url: env['CHORDA_URL'] ?? '', apiKey: env['CHORDA_API_KEY'] ?? '' });
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
const options = { name: 'bench', concurrency: 1_500, onTrouble: (trouble: unknown) => console.log(trouble) };

await client
  .stepWorker(options)
  .tool<{ readonly value?: number }>('add', ({ value = 0 }) => value + 1)
  .run(stopping.signal);
