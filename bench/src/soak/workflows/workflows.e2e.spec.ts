import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '@chorda/testing';
import { describe, expect, it } from 'vitest';
import { runWorkflows } from './workflows-run.js';

/**
 * Guarantees 1, 2, 5, 6 and 7 for runs of workflows: what the outside saw, in files of its own, is what log, tables and
 * read model are held against. `npm run soak -- workflows` is the same run over ten thousand runs.
 */
describe('while orchestrators, workers, gateway, projector and servers are killed', () => {
  it('ends every run as its definition says, or leaves it as an incident', { timeout: 600_000 }, async () => {
    // Of its own: its servers are killed too.
    const stack = await startStack();
    try {
      const report = await runWorkflows({
        stack,
        folder: mkdtempSync(join(tmpdir(), 'chorda-workflows-')),
        runs: 40,
        atOnce: 20,
        kills: 1,
        serverKills: ['postgres', 'kafka'],
        seed: 7,
        progress: (line) => process.stderr.write(`${line}\n`),
      });

      expect(report.anomalies).toEqual([]);
      expect(report.acknowledged).toBeGreaterThanOrEqual(40);
      // The faults were hit, a third of them and more with something in hand, and the load ran on through them.
      expect(report.hits).toHaveLength(6);
      expect(report.serverKills.map(({ server }) => server)).toEqual(['postgres', 'kafka']);
      expect(report.killsInHand * 3).toBeGreaterThanOrEqual(8);
      expect(report.acknowledgedAfterLastKill).toBeGreaterThan(0);
      // Of each run, at least: what a replay of the log leads to is what the engine had in memory.
      expect(report.statesReplayed).toBeGreaterThanOrEqual(40);
    } finally {
      await stack.stop();
    }
  });
});
