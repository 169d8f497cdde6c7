import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { isInHand, runBackbone } from './backbone-run.js';

const events = 3_600;

/**
 * Guarantees 1 to 3 over the whole way: the sender's acknowledgements, in a file of its own, are what log and journal
 * are held against. `npm run soak -- backbone` is the same run at a hundred thousand events.
 */
describe('while gateway and projector are killed again and again', () => {
  it('keeps each acknowledged event once, in order per aggregate', { timeout: 600_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chorda-killed-'));
    const report = await runBackbone({
      stack: inject('stack'),
      folder,
      events,
      // A killed projector's partitions are free after its session: the load has to last for all of them.
      ratePerSecond: 45,
      killsOfEach: 4,
      projectorSessionMs: 4_000,
      progress: (line) => process.stderr.write(`${line}\n`),
    });

    expect(report.anomalies).toEqual([]);
    expect(report.acknowledged).toBe(events);
    expect(report.applied).toBe(events);
    // The faults were hit, most of them with a batch in hand or a transaction open, and the load ran on through them.
    expect(report.hits).toHaveLength(8);
    expect(report.hits.filter(isInHand).length).toBeGreaterThanOrEqual(3);
    expect(report.acknowledgedAfterLastKill).toBeGreaterThan(0);
  });
});
