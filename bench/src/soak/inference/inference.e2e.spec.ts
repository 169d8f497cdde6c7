import { describe, expect, inject, it } from 'vitest';
import { runInference } from './inference-run.js';
import { isInferenceInHand } from './kill-plan.js';

/**
 * Guarantee 10, and what is promised of priorities, tenants and windows. `npm run soak -- inference` is the same run over
 * twenty thousand requests.
 */
describe('while workers, model servers and the gateway are killed', () => {
  it(
    'brings each request to one outcome with its usage, and serves whom it should first',
    { timeout: 900_000 },
    async () => {
      const report = await runInference({
        ...{ stack: inject('stack'), requests: 600, workerKills: 1, serverKills: 1, gatewayKills: 1, seed: 7 },
        progress: (line) => process.stderr.write(`${line}\n`),
      });

      expect(report.anomalies).toEqual([]);
      // The faults were hit: a worker that slept and went on, a flush, slots that were halved and given back, and four kills.
      expect(report.faults).toHaveLength(5);
      expect(report.hits.length + report.killsAtRandom).toBe(4);
      expect(report.hits.filter(isInferenceInHand).length).toBeGreaterThan(1);
      expect(report.askedAfterLastKill).toBeGreaterThan(0);
      expect(report.throughDoor).toBeGreaterThan(0);
      expect(report.figures).toHaveLength(4);
    },
  );
});
