import { ParkedRepository } from '@chorda/read-models';
import { tenantId } from '@chorda/kernel';
import { batchOf, startRunner, systemEvents } from '../runner/runner-harness.spec.js';
import { fine, foldedProjection, poison } from './parking-harness.spec.js';

/** Poison in the middle of a key that most events have; a retry of what it holds up takes more than one transaction. */
const eventsMax = 600;
const batchSize = 50;
const isPoison = (offset: number) => offset === 120 || offset === 121 || offset === 330;
const keyOf = (offset: number) => (offset % 5 === 0 && !isPoison(offset) ? 'cold' : 'hot');
const given = (offset: number) => (isPoison(offset) ? poison(offset, 'hot') : fine(offset, keyOf(offset)));

export interface ParkAndRetry {
  readonly isMended?: boolean;
  readonly isRetry?: boolean;
}

/** Retries what is parked, where it is asked to, and applies what is left of the log. */
export async function parkAndRetry(databaseUrl: string, { isMended = false, isRetry = false }: ParkAndRetry) {
  const projections = [foldedProjection({ isMended })];
  const { runner, pool, retryAll, close } = await startRunner(databaseUrl, { owner: 'child', projections });
  const from = Number(await runner.claim(systemEvents));
  if (isRetry) {
    await new ParkedRepository(pool).requestRetry(tenantId('default'), 'folded', { fingerprint: undefined }, 'child');
    await retryAll();
  }
  for (let first = from; first < eventsMax; first += batchSize) {
    await runner.handleBatch(batchOf(Array.from({ length: batchSize }, (_, index) => given(first + index))));
  }
  await close();
}
