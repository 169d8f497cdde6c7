import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { isDecisionInHand, runDecisions } from './decisions-run.js';

/**
 * Guarantees 1, 5, 6 and 7 for agents: what the outside saw, in files of its own, is what log, tables and read model are
 * held against. `npm run soak -- decisions` is the same run over five thousand executions.
 */
describe('while engines, executors and workers are killed again and again', () => {
  it('calls what must not be repeated once, and ends every execution once', { timeout: 420_000 }, async () => {
    const report = await runDecisions({
      stack: inject('stack'),
      folder: mkdtempSync(join(tmpdir(), 'chorda-decisions-')),
      executions: 120,
      atOnce: 50,
      runtimeKills: 2,
      workerKills: 2,
      seed: 7,
      progress: (line) => process.stderr.write(`${line}\n`),
    });

    expect(report.anomalies).toEqual([]);
    expect(report.acknowledged).toBeGreaterThanOrEqual(120);
    // The faults were hit, a third of them and more with something in hand, and the load ran on through them.
    expect(report.hits).toHaveLength(8);
    expect(report.hits.filter(isDecisionInHand).length).toBeGreaterThanOrEqual(3);
    expect(report.acknowledgedAfterLastKill).toBeGreaterThan(0);
  });
});
