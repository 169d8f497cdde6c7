import { batchOf, messages, startRunner, systemEvents } from './runner-harness.spec.js';

/** The process that `crash.int.spec.ts` kills: claims the partition and applies the batches that are left. */
const { DATABASE_URL = '', BATCHES = '0', BATCH_RECORDS = '0' } = process.env;
const size = Number(BATCH_RECORDS);

const { runner, close } = await startRunner(DATABASE_URL, { owner: 'child' });
const from = Number(await runner.claim(systemEvents));
for (let offset = from; offset < Number(BATCHES) * size; offset += size) {
  await runner.handleBatch(batchOf(messages(offset, size)));
}
await close();
