import { encodePosition } from '@chorda/contracts';
import { defaultTenant, tenantId, type TenantId } from '@chorda/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executedEvent } from '../test-support/executed-event.js';
import { TailEvent, type TailFilter } from './tail-event.js';
import { TailPosition } from './tail-position.js';
import { TailRing } from './tail-ring.js';
import { TailSession, type NextPlace, type TailHistory, type TailSignal, type TailSink } from './tail-session.js';

const topic = 'agent.events';

function event(partition: number, offset: number, id = `${partition}/${offset}`, tenant: TenantId = defaultTenant) {
  const metadata = { id, source: 'urn:spec', subject: 'A', tenantId: tenant, timeMs: 0, correlationId: 'C' };
  return new TailEvent(
    { event: executedEvent, metadata },
    { topic, partition, offset: BigInt(offset), recordTimeMs: 0 },
    100,
  );
}

/** The log in memory: the ring gets what is appended, the journal has what `project` gave it. */
class Log implements TailHistory {
  ring: TailRing;
  readonly events: TailEvent[] = [];
  private readonly projected = new Map<number, bigint>();
  private readonly ends = new Map<number, number>();

  constructor(partitions: number, eventsMax: number) {
    this.ring = new TailRing({ eventsMax, bytesMax: 1e9 });
    for (let partition = 0; partition < partitions; partition += 1) this.ring.claim(topic, partition, 0n);
  }

  append(partition: number, id?: string, tenant?: TenantId): TailEvent {
    const offset = this.ends.get(partition) ?? 0;
    this.ends.set(partition, offset + 1);
    const appended = event(partition, offset, id, tenant);
    this.events.push(appended);
    this.ring.append(appended);
    this.ring.wake();
    return appended;
  }

  /** Another gateway takes over: its ring knows nothing of what came before it. */
  restart(): void {
    this.ring = new TailRing({ eventsMax: 100, bytesMax: 1e9 });
    for (const [partition, end] of this.ends) this.ring.claim(topic, partition, BigInt(end));
  }

  project(): void {
    for (const [partition, end] of this.ends) this.projected.set(partition, BigInt(end));
  }

  async reaches(places: readonly NextPlace[]): Promise<boolean> {
    this.project();
    return places.every(({ partition, nextOffset }) => (this.projected.get(partition) ?? 0n) >= nextOffset);
  }

  async after(tenant: string, places: readonly NextPlace[], _filter: TailFilter, limit: number) {
    const first = new Map<string, TailEvent>();
    for (const each of this.events) if (!first.has(each.identity)) first.set(each.identity, each);
    return places
      .flatMap(({ partition, nextOffset }) =>
        this.events.filter(
          (each) =>
            each.place.partition === partition &&
            each.place.offset >= nextOffset &&
            each.place.offset < (this.projected.get(partition) ?? 0n) &&
            each.envelope.metadata.tenantId === tenant &&
            first.get(each.identity) === each,
        ),
      )
      .slice(0, limit);
  }

  async oldestMs(): Promise<number> {
    return 0;
  }

  async isBeyondEnd({ partition, nextOffset }: NextPlace): Promise<boolean> {
    return nextOffset > BigInt(this.ends.get(partition) ?? 0);
  }
}

/** A client that writes down what it was told, and can leave after any event. */
class Client implements TailSink {
  readonly ids: string[] = [];
  readonly signals: TailSignal['kind'][] = [];
  last: TailPosition | undefined;
  pending = 0;
  readonly leaving = new AbortController();
  isSlow = false;

  constructor(private readonly leaveAfter = Number.POSITIVE_INFINITY) {}

  push(signal: TailSignal, position: TailPosition): void {
    if (this.leaving.signal.aborted) return;
    this.pending += 1;
    this.last = TailPosition.parse(position.toString());
    if (signal.kind !== 'event') this.signals.push(signal.kind);
    else this.ids.push(signal.event.envelope.metadata.id);
    if (this.ids.length >= this.leaveAfter) this.leaving.abort();
  }

  async flush(): Promise<boolean> {
    this.pending = 0;
    await Promise.resolve();
    return !this.isSlow;
  }

  async watch(log: Log, from?: TailPosition, filter: TailFilter = {}, tenant = defaultTenant): Promise<void> {
    const session = new TailSession({
      ring: log.ring,
      history: log,
      sink: this,
      tenantId: tenant,
      filter,
      from,
      signal: this.leaving.signal,
    });
    await session.run();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a client that leaves and comes back', () => {
  it('misses nothing and sees nothing twice, wherever it was cut and whatever has left the ring', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ partition: fc.nat(2), id: fc.option(fc.nat(30)) }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
        async (records, ringSize, cuts) => {
          const log = new Log(3, ringSize);
          const seen: string[] = [];
          let from: TailPosition | undefined = TailPosition.empty();
          let at = 0;
          for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
            const client = new Client(cut);
            const watching = client.watch(log, from);
            for (const record of records.slice(at, at + 7)) {
              log.append(record.partition, record.id === null ? undefined : `same-${record.partition}-${record.id}`);
              await settle();
            }
            at += 7;
            for (let turn = 0; turn < 20; turn += 1) await settle();
            client.leaving.abort();
            await watching;
            seen.push(...client.ids);
            from = client.last ?? from;
          }
          const sent = [...new Set(log.events.map(({ envelope }) => envelope.metadata.id))];
          expect([...seen].sort()).toEqual([...sent].sort());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('sees an event once whose repeat came to a gateway that had not read the first', async () => {
    const log = new Log(1, 100);
    log.append(0, 'same');
    log.restart();
    log.append(0, 'same');
    log.append(0, 'next');
    const client = new Client(2);
    await client.watch(log, TailPosition.empty());
    expect(client.ids).toEqual(['same', 'next']);
  });

  it('sees each partition in order', async () => {
    const log = new Log(2, 5);
    for (let index = 0; index < 40; index += 1) log.append(index % 2);
    const client = new Client(40);
    await client.watch(log, TailPosition.empty());
    for (const partition of [0, 1]) {
      const offsets = client.ids.filter((id) => id.startsWith(`${partition}/`)).map((id) => Number(id.slice(2)));
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    }
  });

  it('may bring the position of its write: it sees what came after it there, and the present elsewhere', async () => {
    const log = new Log(2, 100);
    for (let index = 0; index < 10; index += 1) log.append(index % 2);
    const client = new Client(2);
    await client.watch(log, TailPosition.parse(encodePosition([{ topic, partition: 0, offset: 2n }])));
    expect(client.ids).toEqual(['0/3', '0/4']);
  });
});

describe('a client', () => {
  it('gets what comes after it came, when it brings no place', async () => {
    const log = new Log(1, 10);
    log.append(0);
    const client = new Client(1);
    const watching = client.watch(log);
    await settle();
    log.append(0);
    await watching;
    expect(client.ids).toEqual(['0/1']);
    expect(client.signals).toEqual(['open']);
  });

  it('never gets an event of another tenant, from the journal or from the ring', async () => {
    const log = new Log(1, 2);
    const other = tenantId('other');
    for (let index = 0; index < 10; index += 1) log.append(0, undefined, index % 2 === 0 ? other : defaultTenant);
    const client = new Client(5);
    await client.watch(log, TailPosition.empty());
    expect(client.ids).toEqual(['0/1', '0/3', '0/5', '0/7', '0/9']);
  });

  it('is told to read anew when its place is of another log', async () => {
    const log = new Log(1, 10);
    log.append(0);
    const elsewhere = TailPosition.empty();
    elsewhere.moveTo(topic, 0, 500n);
    const client = new Client(1);
    const watching = client.watch(log, elsewhere);
    await settle();
    log.append(0);
    await watching;
    expect(client.signals).toEqual(['resync', 'open']);
    expect(client.ids).toEqual(['0/1']);
  });

  it('that is a little ahead of this gateway waits until it has caught up', async () => {
    const log = new Log(1, 10);
    log.append(0);
    const ahead = TailPosition.empty();
    ahead.moveTo(topic, 0, 2n);
    const client = new Client(1);
    log.isBeyondEnd = async () => false;
    const watching = client.watch(log, ahead);
    await settle();
    log.append(0);
    log.append(0);
    await watching;
    expect(client.ids).toEqual(['0/2']);
  });

  it('is sent away to come back when the journal lags, rather than given a gap', async () => {
    const log = new Log(1, 1);
    for (let index = 0; index < 5; index += 1) log.append(0);
    log.reaches = async () => false;
    const client = new Client();
    await client.watch(log, TailPosition.empty());
    expect(client.signals).toEqual(['open', 'reconnect']);
    expect(client.ids).toEqual([]);
    expect(client.last?.nextOffset(topic, 0) ?? 0n).toBe(0n);
  });

  it('that is too slow is told so and dropped', async () => {
    const log = new Log(1, 10);
    const client = new Client();
    client.isSlow = true;
    const watching = client.watch(log);
    log.append(0);
    await watching;
    expect(client.signals).toEqual(['open', 'dropped']);
  });

  it('is told to come back when the gateway stops', async () => {
    const log = new Log(1, 10);
    const client = new Client();
    const watching = client.watch(log);
    await settle();
    log.ring.close();
    await watching;
    expect(client.signals).toEqual(['open', 'reconnect']);
  });
});
