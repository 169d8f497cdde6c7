import { expect, it } from 'vitest';
import { ProcessSampler } from './process-sampler.js';

it('measures this process: a busy span shows in its figures', async () => {
  const sampler = new ProcessSampler();
  // The delay is measured from one tick of its timer to the next.
  await new Promise((resolve) => setTimeout(resolve, 30));
  const endMs = performance.now() + 150;
  while (performance.now() < endMs) Math.sqrt(endMs);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const figures = sampler.sample();
  sampler.stop();
  expect(figures.cpuUsage).toBeGreaterThan(0);
  expect(figures.cpuUsage).toBeLessThanOrEqual(1);
  expect(figures.memoryUsage).toBeGreaterThan(0);
  expect(figures.rssBytes).toBeGreaterThan(figures.heapUsedBytes / 2);
  expect(figures.heapLimitBytes).toBeGreaterThan(figures.heapUsedBytes);
  expect(figures.eventLoopDelayP99Ms).toBeGreaterThan(50);
  expect(figures.intervalMs).toBeGreaterThanOrEqual(150);
});
