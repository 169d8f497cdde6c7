import { ChordaClient } from '@chorda/client';
import { crashPoint } from '@chorda/platform';

/** A user's own process with two tools, which differ in nothing but what they say of being called again. */
const env = process.env;
const effects = env['EFFECTS_URL'] ?? '';
const client = new ChordaClient({ url: env['CHORDA_URL'] ?? '', apiKey: env['CHORDA_API_KEY'] ?? '' });
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());

const parameters = {
  type: 'object',
  properties: { effect: { type: 'string' } },
  required: ['effect'],
  additionalProperties: false,
};
const worker = client.worker({
  name: `worker ${process.pid}`,
  concurrency: 20,
  onTrouble: ({ what, error }) => console.log(what, error),
});
for (const [name, idempotent] of [
  ['charge', false],
  ['stamp', true],
] as const) {
  worker.tool<{ readonly effect: string }>(
    name,
    parameters,
    async ({ effect }, { key, signal }) => {
      crashPoint('worker-before-effect');
      const query = new URLSearchParams({ effect, tool: name }).toString();
      const headers = { 'idempotency-key': key };
      const response = await fetch(`${effects}/?${query}`, { method: 'POST', headers, signal });
      const answer: unknown = await response.json();
      crashPoint('worker-after-effect');
      return answer;
    },
    { idempotent, timeout_ms: 60_000 },
  );
}
await worker.run(stopping.signal);
