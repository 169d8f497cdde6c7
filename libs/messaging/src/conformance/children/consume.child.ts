// Reads a partition and is broken in the middle of a chunk: dies there, or holds what it has until it is told to go on.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AssignedPartition } from '../../port.js';
import { seenRecord } from '../collector.js';
import { driversUnderTest } from '../drivers-under-test.js';
import { crashPoint, dieNow, note, ordersOf } from './notes.js';

const name = 'consume.child';
const orders = ordersOf(name);
const { folder, group, topic, sessionTimeoutMs } = orders;
let handled = 0;

async function breakHere(partition: AssignedPartition): Promise<void> {
  crashPoint(folder, 'mid-batch');
  if (orders.atCrashPoint !== 'hold') {
    await sleep(orders.atCrashPoint.dieAfterMs);
    dieNow();
  }
  partition.owned.addEventListener('abort', () => crashPoint(folder, 'told-that-it-lost-the-partition'));
  while (!existsSync(join(folder, 'go-on'))) await sleep(20);
}

async function run(partition: AssignedPartition): Promise<void> {
  await partition.start(undefined);
  for (;;) {
    const chunk = await partition.read({ recordsMax: 50, bytesMax: 1 << 20, waitMsMax: 200 });
    if (!chunk) return;
    for (const record of chunk.records) {
      const place = { ...seenRecord(record), offset: String(record.offset) };
      note(folder, name, { seen: { ...place, reader: name, epoch: partition.epoch, handledAtMs: Date.now() } });
      handled += 1;
      if (handled === orders.holdAfter) await breakHere(partition);
    }
    // Whether or not it was told: a right driver lets a commit of a lost assignment change nothing.
    partition.commit(chunk.nextOffset);
    crashPoint(folder, 'committed-what-it-held');
  }
}

const driver = driversUnderTest[orders.driver](orders.connection);
driver.consume({ group, topics: [topic], sessionTimeoutMs, run });
