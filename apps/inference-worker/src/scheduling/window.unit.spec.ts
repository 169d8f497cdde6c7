import { describe, expect, it } from 'vitest';
import { Window, type ServerLoad } from './window.js';

const everyMs = 250;
const serviceMs = 1_000;

/** A server that runs so many at once, as the window sees it: whatever room there is, is used. */
class Server {
  nowMs = 0;
  preemptions = 0;
  kvUsage = 0.1;
  readonly seen: ServerLoad[] = [];

  constructor(public slots: number) {}

  samples(count: number, ...windows: readonly Window[]): void {
    for (let sample = 0; sample < count; sample++) {
      this.nowMs += everyMs;
      const own = windows.map((window) => window.size);
      const total = own.reduce((sum, each) => sum + each, 0);
      const running = Math.min(total, this.slots);
      const load = { running, waiting: total - running, kvUsage: this.kvUsage, preemptions: this.preemptions };
      this.seen.push(load);
      windows.forEach((window, index) => window.sample(load, still(own[index]!), true, this.nowMs, serviceMs));
    }
  }
}

const still = (own: number) => ({ before: own, now: own, called: own, reserve: 0 });
const fresh = (initial = 8) => new Window({ initial, max: 4_096, kvUsageMax: 0.9 });

describe('the window', () => {
  it.each([1, 3, 8, 32, 64, 256, 1_000])('finds a server of %i slots, and keeps it full with few waiting', (slots) => {
    const server = new Server(slots);
    const window = fresh();
    server.samples(120, window);
    server.seen.length = 0;
    server.samples(400, window);
    const mean = (of: (load: ServerLoad) => number) =>
      server.seen.reduce((sum, load) => sum + of(load), 0) / server.seen.length;
    expect(mean(({ running }) => running) / slots).toBeGreaterThan(0.99);
    expect(mean(({ waiting }) => waiting)).toBeLessThanOrEqual(Math.max(1.5, slots * 0.03));
  });

  it('halves when the slots are halved, and comes back', () => {
    const server = new Server(64);
    const window = fresh();
    server.samples(100, window);
    server.slots = 32;
    server.samples(30, window);
    expect(window.size).toBeLessThanOrEqual(34);
    expect(window.size).toBeGreaterThanOrEqual(31);
    server.slots = 64;
    server.samples(30, window);
    expect(window.size).toBeGreaterThanOrEqual(62);
    expect(window.size).toBeLessThanOrEqual(68);
  });

  it('is shared by two workers without a word between them', () => {
    const server = new Server(64);
    const [first, second] = [fresh(), fresh()];
    server.samples(100, first);
    server.samples(2_000, first, second);
    expect(first.size + second.size).toBeGreaterThanOrEqual(62);
    expect(first.size + second.size).toBeLessThanOrEqual(72);
    expect(second.size / first.size).toBeGreaterThan(0.3);
  });

  it('is cut once in the time of a service by refusals', () => {
    const window = fresh(100);
    expect(window.refused(0, serviceMs)).toBe(true);
    expect([window.refused(10, serviceMs), window.refused(999, serviceMs)]).toEqual([false, false]);
    expect(window.size).toBe(70);
    expect(window.refused(1_000, serviceMs)).toBe(true);
    expect(window.size).toBe(49);
  });

  it('is cut when work is thrown away, and never below one', () => {
    const server = new Server(4_096);
    const window = fresh(8);
    server.samples(1, window);
    for (let round = 0; round < 40; round++) {
      server.preemptions += 1;
      server.samples(1, window);
      server.nowMs += serviceMs;
    }
    expect(window.size).toBe(1);
  });

  it('does not grow while a burst is on its way to a server that has no room for it', () => {
    const window = fresh(256);
    for (let sample = 1; sample < 20; sample++) {
      const load = { running: 100, waiting: 0, kvUsage: 0.1, preemptions: 0 };
      window.sample(load, { before: 250, now: 256, called: 250, reserve: 26 }, true, sample * everyMs, serviceMs);
    }
    expect(window.size).toBe(256);
  });

  it('makes up for what is being begun: of short answers that is a good part of what is under way', () => {
    const window = fresh();
    const runs: number[] = [];
    for (let sample = 1; sample <= 200; sample++) {
      const own = window.size;
      const called = Math.ceil(own * 0.75);
      runs.push(Math.min(called, 64));
      const load = { running: Math.min(called, 64), waiting: Math.max(0, called - 64), kvUsage: 0.1, preemptions: 0 };
      window.sample(load, { before: own, now: own, called, reserve: 0 }, true, sample * everyMs, 50);
    }
    expect(runs.slice(100).reduce((sum, running) => sum + running, 0) / 100).toBeGreaterThan(0.99 * 64);
  });

  it('does not grow while nothing is begun', () => {
    const window = fresh(64);
    for (let sample = 1; sample < 20; sample++) {
      const load = { running: 32, waiting: 0, kvUsage: 0.1, preemptions: 0 };
      window.sample(load, { before: 64, now: 64, called: 32, reserve: 7 }, true, sample * everyMs, serviceMs);
    }
    expect(window.size).toBe(64);
  });

  it('is cut though urgent requests are under way beyond it', () => {
    const window = fresh(100);
    for (let sample = 1; sample <= 3; sample++) {
      const load = { running: 64, waiting: 42, kvUsage: 0.1, preemptions: 0 };
      window.sample(load, { before: 106, now: 106, called: 106, reserve: 10 }, true, sample * everyMs, serviceMs);
    }
    expect(window.size).toBeLessThanOrEqual(66);
  });

  it('grows neither into a full cache nor for want of requests', () => {
    const server = new Server(4_096);
    const window = fresh(8);
    server.kvUsage = 0.95;
    server.samples(20, window);
    expect(window.size).toBe(8);
    const idle = fresh(8);
    for (let sample = 1; sample < 20; sample++) {
      idle.sample(
        { running: 8, waiting: 0, kvUsage: 0.1, preemptions: 0 },
        still(8),
        false,
        sample * everyMs,
        serviceMs,
      );
    }
    expect(idle.size).toBe(8);
  });
});
