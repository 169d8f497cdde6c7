import { describe, expect, inject, it } from 'vitest';
import { runInference } from './inference-run.js';

/**
 * Guarantee 10, and what is promised of priorities, tenants and windows. `npm run soak -- inference` is the same run over
 * twenty thousand requests.
 */
describe('while workers, model servers and the gateway are killed', () => {
  it(
    'brings each request to one outcome with its usage, and serves whom it should first',
    { timeout: 420_000 },
    async () => {
      const report = await runInference({
        ...{ stack: inject('stack'), requests: 600, kills: 4 },
        progress: (line) => process.stderr.write(`${line}\n`),
      });

      expect(report.anomalies).toEqual([]);
      // The faults were hit: four kills, a worker that slept, a flush, and slots that were halved.
      expect(report.faults).toHaveLength(8);
      expect(report.throughDoor).toBeGreaterThan(50);
      expect(report.figures).toHaveLength(4);
    },
  );
});
