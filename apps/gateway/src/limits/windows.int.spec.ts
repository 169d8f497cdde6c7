import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { silentLogger, systemClock } from '@chorda/kernel';
import { Redis } from 'ioredis';
import { LeasedWindow } from './leased-window.js';
import { LocalWindows } from './local-windows.js';
import { RedisWindows } from './redis-windows.js';
import { SharedWindows } from './shared-windows.js';
import type { Window, WindowStore } from './window.js';

const minute: Window = { name: 'requests', limit: 100, spanMs: 60_000 };

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('stack').redisUrl);
});
afterAll(() => redis.disconnect());

describe.each([
  ['Redis', (): WindowStore => new RedisWindows(redis, `t${randomUUID()}.`)],
  ['this process', (): WindowStore => new LocalWindows(systemClock)],
])('a window counted in %s', (_name, open) => {
  it('gives what it has and no more', async () => {
    const store = open();
    expect(await store.take('a', minute, 60, false)).toMatchObject({ granted: 60, remaining: 40 });
    expect(await store.take('a', minute, 60, false)).toMatchObject({ granted: 40, remaining: 0 });
    const empty = await store.take('a', minute, 1, false);
    expect(empty).toMatchObject({ granted: 0, remaining: 0 });
    expect(empty.resetMs).toBeGreaterThan(50_000);
    expect(empty.resetMs).toBeLessThanOrEqual(65_000);
  });

  it('keeps keys apart', async () => {
    const store = open();
    await store.take('a', minute, 100, false);
    expect(await store.take('b', minute, 1, false)).toMatchObject({ granted: 1, remaining: 99 });
  });

  it('gives a batch that is larger than the limit once, and then owes it', async () => {
    const store = open();
    expect(await store.take('a', minute, 1_000, true)).toMatchObject({ granted: 1_000, remaining: 0 });
    expect(await store.take('a', minute, 1, true)).toMatchObject({ granted: 0 });
  });

  it('has room again when the span is over', async () => {
    const store = open();
    const short: Window = { name: 'short', limit: 2, spanMs: 1_500 };
    expect((await store.take('a', short, 2, false)).granted).toBe(2);
    expect((await store.take('a', short, 1, false)).granted).toBe(0);
    await expect.poll(async () => (await store.take('a', short, 1, false)).granted).toBe(1);
  });
});

describe('a window that several gateways lease from', () => {
  it('admits as many as the limit says, whoever asks and however many at once', async () => {
    const key = randomUUID();
    const limit: Window = { name: 'requests', limit: 1_000, spanMs: 60_000 };
    const gateways = Array.from({ length: 4 }, () => new RedisWindows(redis, 't.'));
    const leases = gateways.map((store) => new LeasedWindow(key, limit, store, systemClock));
    const takes = Array.from({ length: 2_000 }, (_, index) => leases[index % leases.length]?.take());
    const admitted = (await Promise.all(takes)).filter((standing) => standing?.admitted);
    // Each gateway may be left with a lease that nobody came for: a hundredth of the limit at most.
    expect(admitted.length).toBeLessThanOrEqual(1_000);
    expect(admitted.length).toBeGreaterThanOrEqual(960);
  });

  it('asks Redis seldom for a key that is busy', async () => {
    const store = new Counting(new RedisWindows(redis, `t${randomUUID()}.`));
    const lease = new LeasedWindow('busy', { name: 'r', limit: 100_000, spanMs: 60_000 }, store, systemClock);
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 500 }, () => lease.take()));
    expect(store.asked).toBeLessThan(60);
  });
});

describe('while Redis is away', () => {
  it('each gateway counts for itself, and says so once a question', async () => {
    const away = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true, enableOfflineQueue: false });
    away.on('error', () => undefined);
    let alone = 0;
    const store = new SharedWindows(
      new RedisWindows(away, 't.'),
      new LocalWindows(systemClock),
      systemClock,
      silentLogger,
      () => (alone += 1),
    );
    expect(await store.take('a', minute, 100, false)).toMatchObject({ granted: 100 });
    expect(await store.take('a', minute, 1, false)).toMatchObject({ granted: 0 });
    expect(alone).toBe(1);
    away.disconnect();
  });

  it('a flush forgives what was used, and the script is loaded anew', async () => {
    const store = new RedisWindows(redis, `t${randomUUID()}.`);
    await store.take('a', minute, 100, false);
    await redis.script('FLUSH');
    expect(await store.take('a', minute, 1, false)).toMatchObject({ granted: 0 });
  });
});

class Counting implements WindowStore {
  asked = 0;
  constructor(private readonly inner: WindowStore) {}
  take(...args: Parameters<WindowStore['take']>) {
    this.asked += 1;
    return this.inner.take(...args);
  }
}
