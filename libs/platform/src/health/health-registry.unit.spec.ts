import { expect, it } from 'vitest';
import { HealthRegistry } from './health-registry.js';

it('is ready when no check has a reason against it', async () => {
  const health = new HealthRegistry();
  health.add('kafka', () => undefined);
  expect(await health.notReady()).toEqual([]);
});

it('lists every reason: said, thrown, or not said in time', async () => {
  const health = new HealthRegistry(20);
  health.add('kafka', () => 'joining');
  health.add('postgres', () => Promise.reject(new Error('refused')));
  health.add('redis', () => new Promise(() => {}));
  expect(await health.notReady()).toEqual(['kafka: joining', 'postgres: refused', 'redis: no answer within 20 ms']);
});

it('is not ready while draining, whatever the checks say', async () => {
  const health = new HealthRegistry();
  health.beginDraining();
  expect(await health.notReady()).toEqual(['draining']);
});
