import { startRunner, systemEvents } from './runner-harness.spec.js';
import { batchIn } from './several-partitions.fixture.spec.js';

/** The process that `crash.int.spec.ts` kills: claims its partitions and applies, side by side, the batches that are left. */
const { DATABASE_URL = '', BATCHES = '0', BATCH_RECORDS = '0', PARTITIONS = '1' } = process.env;
const size = Number(BATCH_RECORDS);

const { runner, close } = await startRunner(DATABASE_URL, { owner: 'child' });
const partitions = Array.from({ length: Number(PARTITIONS) }, (_, partition) => partition);
await Promise.all(
  partitions.map(async (partition) => {
    const from = Number(await runner.claim({ ...systemEvents, partition }));
    for (let offset = from; offset < Number(BATCHES) * size; offset += size) {
      await runner.handleBatch(batchIn(partition, offset, size));
    }
  }),
);
await close();
