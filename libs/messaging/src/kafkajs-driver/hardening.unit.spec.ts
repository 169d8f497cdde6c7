import { createRequire } from 'node:module';
import { createServer, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DriverVersionError } from '../errors.js';
import { assertKafkajsVersion, stopIdleTimerLoop } from './kafkajs-internals.js';
import { ProducerPartition, type Waiting } from './producer-partition.js';
import { openSocket } from './sockets.js';
import { packRecord } from './wire/record-batch.js';

const load = createRequire(import.meta.url);
const quiet = { debug: () => undefined, warn: () => undefined };

afterEach(() => vi.restoreAllMocks());

function requestQueue() {
  const RequestQueue = load('kafkajs/src/network/requestQueue');
  return new RequestQueue({
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'c',
    broker: 'b',
    logger: quiet,
  });
}

function exchange(queue: ReturnType<typeof requestQueue>, correlationId = 1) {
  const entry = {
    correlationId,
    apiName: 'X',
    apiKey: 1,
    apiVersion: 1,
    resolve: () => undefined,
    reject: () => undefined,
  };
  queue.push({ entry, expectResponse: true, sendRequest: () => undefined });
  queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 });
}

describe('kafkajs, where we reach into it', () => {
  it('is the version that was reached into, or nothing starts', () => {
    expect(() => assertKafkajsVersion()).not.toThrow();
    expect(() => assertKafkajsVersion('2.3.0')).toThrow(DriverVersionError);
    expect(() => assertKafkajsVersion('2.3.0')).toThrow(/2\.3\.0 .* 2\.2\.4/);
  });

  it('arms no timer when nothing waits', async () => {
    stopIdleTimerLoop();
    const armed = vi.spyOn(globalThis, 'setTimeout');
    exchange(requestQueue());
    await new Promise((resolve) => setImmediate(resolve));
    expect(armed).not.toHaveBeenCalled();
  });

  it('still sends what a throttle held back, once it is over', async () => {
    stopIdleTimerLoop();
    const queue = requestQueue();
    queue.maybeThrottle(60);
    const sent = vi.fn();
    const entry = { correlationId: 9, resolve: () => undefined, reject: () => undefined };
    queue.push({ entry, expectResponse: true, sendRequest: sent });
    expect(sent).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(sent).toHaveBeenCalledOnce(), { timeout: 20_000 });
    queue.destroy();
  });
});

describe('sockets', () => {
  it('turn Nagle off', async () => {
    const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay');
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const socket = openSocket({ host: '127.0.0.1', port, ssl: undefined, onConnect: () => undefined });
    expect(setNoDelay).toHaveBeenCalledWith(true);
    setNoDelay.mockClear();
    const secured = openSocket({ host: '127.0.0.1', port, ssl: {}, onConnect: () => undefined });
    secured.on('error', () => undefined);
    expect(setNoDelay).toHaveBeenCalledWith(true);
    socket.destroy();
    secured.destroy();
    server.close();
  });
});

describe('grouping by partition', () => {
  const bounds = { recordsMax: 500, bytesMax: 256 * 1024, codec: 'none', compressionBytesMin: 0 } as const;

  function secondsFor(count: number): number {
    const partition = new ProducerPartition('t', 0);
    partition.useIdentity(1n, 0);
    const record = packRecord({ key: null, value: Buffer.alloc(20), headers: [], timestampMs: 1 });
    const waiting: Waiting = { record, bytes: 20, sinceMs: 0, resolve: () => undefined, reject: () => undefined };
    const startedMs = performance.now();
    for (let index = 0; index < count; index++) partition.add(waiting);
    while (partition.openNext(bounds)) partition.stored();
    return (performance.now() - startedMs) / 1000;
  }

  it('costs the same a record, however many wait for one partition', () => {
    const costOf = (count: number) => Math.min(...[1, 2, 3].map(() => secondsFor(count))) / count;
    costOf(2_000);
    // kafkajs copies all earlier records for each one: a hundred times as many cost a hundred times as much a record.
    // The best of three on both sides, and far from either answer: whatever else the machine does says nothing here.
    expect(costOf(200_000) / costOf(2_000)).toBeLessThan(30);
  });

  it('sends a record above the bound alone', () => {
    const partition = new ProducerPartition('t', 0);
    partition.useIdentity(1n, 0);
    const add = (bytes: number) => {
      const record = packRecord({ key: null, value: Buffer.alloc(bytes), headers: [], timestampMs: 1 });
      partition.add({ record, bytes, sinceMs: 0, resolve: () => undefined, reject: () => undefined });
    };
    for (const bytes of [10, 10, 300_000, 10]) add(bytes);
    const sizes: number[] = [];
    for (let batch = partition.openNext(bounds); batch; batch = partition.openNext(bounds)) {
      sizes.push(batch.waiting.length);
      partition.stored();
    }
    expect(sizes).toEqual([2, 1, 1]);
  });
});
