import { readFileSync } from 'node:fs';
import { answers, fails, givenWorkflow, staysSilent } from '@chorda/testing/workflows';
import { expect, it } from 'vitest';

const order = readFileSync(new URL('../../../workflows/src/examples/order.yaml', import.meta.url), 'utf8');

/** Everybody outside, on a good day. */
const shop = givenWorkflow(order)
  .withTool('inventory.reserve', answers({ id: 'r-1' }))
  .withTool('inventory.release', answers(null))
  .withTool('ship', answers({ parcel: 'p-1' }));

it('ships what was reserved', () => {
  shop
    .whenStarted({ sku: 'pump', count: 2 })
    .thenCompleted({ parcel: 'p-1' })
    .thenCalled('ship', [{ reservation: 'r-1' }])
    .thenSteps({ approve: 'skipped' });
});

it('asks a person about many, for as long as it takes', () => {
  shop
    .whenStarted({ sku: 'pump', count: 12 })
    .thenTask('approve', { title: 'Ship 12 of pump?' })
    .whenTimePasses('6d')
    .thenNotCalled('ship')
    .whenDecided('approve', 'approved', { by: 'ada' })
    .thenCompleted({ parcel: 'p-1' });
});

it('tries the inventory three times, with pauses', () => {
  const busy = fails({ code: 'BUSY', retriable: true });
  const run = shop
    .withTool('inventory.reserve', busy, busy, answers({ id: 'r-3' }))
    .whenStarted({ sku: 'pump', count: 2 });
  run.whenLeftAlone().thenCompleted().thenStep('reserve', { attempt: 3 });
});

it('gives the reservation back where it cannot be shipped', () => {
  shop
    .withTool('ship', fails('NO_CARRIER'))
    .whenStarted({ sku: 'pump', count: 2 })
    .thenFailed({ class: 'tool', code: 'NO_CARRIER' })
    .thenCompensated(['reserve'])
    .thenCalled('inventory.release');
});

it('stops with an incident where nobody knows whether it was shipped', () => {
  const run = shop.withTool('ship', staysSilent()).whenStarted({ sku: 'pump', count: 2 });
  run.whenTimePasses('1h').thenIncident('ship', { code: 'OUTCOME_UNKNOWN' });
  run.whenRetried('ship', { as: 'completed', output: { parcel: 'p-7' } }).thenCompleted({ parcel: 'p-7' });
});

it('refuses an order without a count', () => {
  expect(() => shop.whenStarted({ sku: 'pump' })).toThrow(/count/);
});
