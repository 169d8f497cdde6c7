import { defaultTenant } from '@chorda/kernel';
import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { InferenceOutcomeRepository } from '@chorda/read-models';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InferenceGround } from './test-support/inference-ground.js';

const patientMs = 60_000;

let ground: InferenceGround;
let simulator: ModelSimulator;
let worker: Awaited<ReturnType<InferenceGround['worker']>>;

beforeAll(async () => {
  ground = await InferenceGround.open(inject('stack'));
  // Nothing is answered until the test says so.
  simulator = await startModelSimulator({ engine: { tokenMs: 3_600_000 } });
  worker = await ground.worker([simulator.url]);
});

afterAll(async () => {
  await worker?.app.stop();
  await simulator?.stop();
  await ground?.close();
});

async function answer(): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ token_ms: 0 });
  const told = await fetch(`${simulator.url}/simulator/settings`, { method: 'PATCH', headers, body });
  expect(told.ok).toBe(true);
}

describe('a call of a worker that others took for gone', () => {
  it('is made again: no outcome stands whose cost is only known as lost', { timeout: 200_000 }, async () => {
    const id = await ground.ask();
    const open = `SELECT FROM inference_attempts WHERE request_id = $1 AND settled_at IS NULL`;
    await ground.until(async () => (await ground.pool.query(open, [id])).rowCount === 1, patientMs);
    const other = new InferenceOutcomeRepository(ground.pool, 'another');
    const lost = { tenantId: defaultTenant, requestId: id, attempt: 1, outcome: undefined, records: [] };
    expect(await other.settle([{ ...lost, costUsd: '0', tokens: 0 }])).toMatchObject([{ isClaimed: true }]);
    await answer();

    const [outcome] = await ground.outcomes([id], patientMs);

    expect(outcome?.event).toMatchObject({ type: 'inference.completed', data: { attempts: 2 } });
    await ground.until(() => ground.usageOf(id).length > 0, patientMs);
    expect(ground.usageOf(id)).toMatchObject([{ attempt: 2, status: 'completed' }]);
  });
});
