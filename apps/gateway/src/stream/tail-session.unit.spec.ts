import { encodePosition } from '@chorda/contracts';
import { defaultTenant, tenantId, type TenantId } from '@chorda/kernel';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { executedEvent } from '../test-support/executed-event.js';
import { FilterBudget } from './filter-budget.js';
import { EventFilter } from './filter/event-filter.js';
import type { PlacedEvent, TailEncoding } from './tail-encoding.js';
import { isFor, TailEvent, type TailFilter } from './tail-event.js';
import { TailHub } from './tail-hub.js';
import { LogIdentity, TailPosition } from './tail-position.js';
import { TailRing } from './tail-ring.js';
import {
  HistoryGoneError,
  TailSession,
  type NextPlace,
  type TailHistory,
  type TailSignal,
  type TailSink,
} from './tail-session.js';
import { TailMetrics } from './tail.metrics.js';

const topic = 'agent.events';

function event(
  partition: number,
  offset: number,
  { id = `${partition}/${offset}`, tenant = defaultTenant, version, stream }: Written = {},
): TailEvent {
  const metadata = {
    ...{ id, source: 'urn:spec', subject: 'A', tenantId: tenant, timeMs: 0, correlationId: 'C' },
    ...(version === undefined ? {} : { decision: { streamVersion: version, ...(stream !== undefined && { stream }) } }),
  };
  return TailEvent.of(
    { event: executedEvent, metadata },
    { topic, partition, offset: BigInt(offset), recordTimeMs: 0 },
    100,
  );
}

interface Written {
  readonly id?: string | undefined;
  readonly tenant?: TenantId;
  readonly version?: bigint;
  readonly stream?: string;
}

/** The log in memory: the ring gets what is appended, the journal has what `project` gave it. */
class Log implements TailHistory {
  hub: TailHub;
  readonly events: TailEvent[] = [];
  readonly metrics = new TailMetrics(new Registry());
  /** Before it, the log has thrown its records away. */
  logStart = 0n;
  private readonly projected = new Map<number, bigint>();
  private readonly ends = new Map<number, number>();
  readsOfLog = 0;

  constructor(
    private readonly partitions: number,
    eventsMax: number,
    log = new LogIdentity(new Map([[topic, 'one']])),
  ) {
    this.hub = this.hubOf(new TailRing({ eventsMax, bytesMax: 1e9 }, log));
    for (let partition = 0; partition < partitions; partition += 1) this.hub.ring.claim(topic, partition, 0n);
  }

  append(partition: number, written: Written = {}): TailEvent {
    const offset = this.ends.get(partition) ?? 0;
    this.ends.set(partition, offset + 1);
    const appended = event(partition, offset, written);
    this.events.push(appended);
    this.hub.publish([appended], { topic, partition, nextOffset: BigInt(offset + 1) });
    return appended;
  }

  /** Another gateway takes over: its ring knows nothing of what came before it. */
  restart(): void {
    this.hub = this.hubOf(new TailRing({ eventsMax: 100, bytesMax: 1e9 }, this.hub.ring.log));
    for (let partition = 0; partition < this.partitions; partition += 1) {
      this.hub.ring.claim(topic, partition, BigInt(this.ends.get(partition) ?? 0));
    }
  }

  project(): void {
    for (const [partition, end] of this.ends) this.projected.set(partition, BigInt(end));
  }

  async reach(places: readonly NextPlace[]): Promise<readonly NextPlace[]> {
    this.project();
    return places;
  }

  async after(tenant: string, places: readonly NextPlace[], filter: TailFilter, limit: number) {
    const first = new Map<string, TailEvent>();
    for (const each of this.events) if (!first.has(each.identity)) first.set(each.identity, each);
    return places
      .flatMap(({ partition, nextOffset }) =>
        this.events.filter(
          (each) =>
            each.place.partition === partition &&
            each.place.offset >= nextOffset &&
            each.place.offset < (this.projected.get(partition) ?? 0n) &&
            isFor(each, tenant, filter) &&
            first.get(each.identity) === each,
        ),
      )
      .slice(0, limit);
  }

  fromLog(tenant: string, { partition, nextOffset: from }: NextPlace, to: bigint, filter: TailFilter) {
    this.readsOfLog += 1;
    return this.pieces(tenant, partition, from, to, filter);
  }

  async since(): Promise<TailPosition> {
    return TailPosition.empty();
  }

  async oldestMs(): Promise<number> {
    return 0;
  }

  async isBeyondEnd({ partition, nextOffset }: NextPlace): Promise<boolean> {
    return nextOffset > BigInt(this.ends.get(partition) ?? 0);
  }

  private async *pieces(tenant: string, partition: number, from: bigint, to: bigint, filter: TailFilter) {
    if (from < this.logStart) throw new HistoryGoneError();
    for (let offset = from; offset < to; offset += 1n) {
      const { events } = this;
      const found = events.filter(({ place }) => place.partition === partition && place.offset === offset);
      yield { events: found.filter((each) => isFor(each, tenant, filter)), nextOffset: offset + 1n };
    }
  }

  private hubOf(ring: TailRing): TailHub {
    return new TailHub(ring, new FilterBudget({ tenantCostMax: 200 }, () => 0), this.metrics);
  }
}

/** A client that writes down what it was told, and can leave after any event. */
class Client implements TailSink {
  readonly ids: string[] = [];
  readonly signals: TailSignal['kind'][] = [];
  readonly reasons: string[] = [];
  last: TailPosition | undefined;
  readonly positions: TailPosition[] = [];
  queuedBytes = 0;
  writes = 0;
  readonly leaving = new AbortController();
  isSlow = false;

  constructor(private readonly leaveAfter = Number.POSITIVE_INFINITY) {}

  /** Its bytes are of no meaning: what they were made from is noted when they are written. */
  readonly encoding: TailEncoding = {
    key: String(Math.random()),
    events: (events: readonly PlacedEvent[]) => {
      for (const { event: each, position } of events) this.note(position, () => this.ids.push(each.id));
      return Buffer.alloc(1);
    },
    signal: (signal, position) => {
      this.note(position, () => {
        this.signals.push(signal.kind);
        if ('reason' in signal) this.reasons.push(signal.reason);
      });
      return Buffer.alloc(1);
    },
  };

  write(): void {
    this.writes += 1;
    this.queuedBytes += this.isSlow ? 1_000 : 0;
  }

  async drained(): Promise<boolean> {
    await Promise.resolve();
    return !this.isSlow;
  }

  async watch(log: Log, from?: TailPosition, filter: TailFilter = {}, tenant = defaultTenant): Promise<void> {
    const session = new TailSession({
      hub: log.hub,
      history: log,
      sink: this,
      tenantId: tenant,
      filter,
      from,
      signal: this.leaving.signal,
      queuedBytesMax: 500,
      onFault: (error) => {
        throw error;
      },
    });
    await session.run();
  }

  private note(position: string, what: () => void): void {
    if (this.leaving.signal.aborted) return;
    what();
    this.last = TailPosition.parse(position);
    this.positions.push(this.last);
    if (this.ids.length >= this.leaveAfter) this.leaving.abort();
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
              log.append(record.partition, {
                id: record.id === null ? undefined : `same-${record.partition}-${record.id}`,
              });
              await settle();
            }
            at += 7;
            for (let turn = 0; turn < 20; turn += 1) await settle();
            client.leaving.abort();
            await watching;
            seen.push(...client.ids);
            from = client.last ?? from;
          }
          const sent = [...new Set(log.events.map(({ id }) => id))];
          expect([...seen].sort()).toEqual([...sent].sort());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('sees an event once whose repeat came to a gateway that had not read the first', async () => {
    const log = new Log(1, 100);
    log.append(0, { id: 'same' });
    log.restart();
    log.append(0, { id: 'same' });
    log.append(0, { id: 'next' });
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
    for (let index = 0; index < 10; index += 1) log.append(0, { tenant: index % 2 === 0 ? other : defaultTenant });
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
    await settle();
    log.append(0);
    await watching;
    expect(client.ids).toEqual(['0/2']);
    expect(client.positions.map((position) => position.nextOffset(topic, 0))).toEqual([2n, 3n]);
  });

  it('gets from the log what a journal that lags does not have, once', async () => {
    const log = new Log(2, 1);
    for (let index = 0; index < 5; index += 1) log.append(index % 2);
    log.project();
    for (let index = 0; index < 5; index += 1) log.append(index % 2);
    log.append(1, { id: '0/0' });
    log.append(1, { id: 'after the repeat' });
    log.reach = async (places) => places.map((place) => ({ ...place, nextOffset: place.partition === 0 ? 3n : 2n }));
    const client = new Client(11);
    await client.watch(log, TailPosition.empty());
    expect(log.readsOfLog).toBeGreaterThan(0);
    expect([...client.ids].sort()).toEqual(
      ['0/0', '0/1', '0/2', '0/3', '0/4', '0/5', '1/0', '1/1', '1/2', '1/3', 'after the repeat'].sort(),
    );
  });

  it('is sent away to come back when the journal lags and the log has too many readers, rather than given a gap', async () => {
    const log = new Log(1, 1);
    for (let index = 0; index < 5; index += 1) log.append(0);
    log.reach = async () => [];
    const client = new Client();
    Object.assign(log, { fromLog: () => undefined });
    await client.watch(log, TailPosition.empty());
    expect(client.signals).toEqual(['open', 'reconnect']);
    expect(client.reasons).toEqual(['journal_lagging']);
    expect(client.ids).toEqual([]);
    expect(client.last?.nextOffset(topic, 0) ?? 0n).toBe(0n);
  });

  it('is told to read anew when neither journal nor log have what it missed', async () => {
    const log = new Log(1, 1);
    for (let index = 0; index < 5; index += 1) log.append(0);
    log.reach = async () => [];
    log.logStart = 3n;
    const client = new Client();
    const watching = client.watch(log, TailPosition.empty());
    await settle();
    client.leaving.abort();
    await watching;
    expect(client.reasons).toEqual(['history_gone']);
  });

  it('is told to read anew when its topic was deleted and made anew, though its offsets would fit', async () => {
    const log = new Log(1, 10);
    for (let index = 0; index < 5; index += 1) log.append(0);
    const before = TailPosition.empty(new LogIdentity(new Map([[topic, 'another']])));
    before.moveTo(topic, 0, 2n);
    const client = new Client(1);
    const watching = client.watch(log, TailPosition.parse(before.toString()));
    await settle();
    log.append(0);
    await watching;
    expect(client.signals).toEqual(['resync', 'open']);
    expect(client.ids).toEqual(['0/5']);
  });

  it('sees a version of a stream once, though its repeat has another id', async () => {
    const log = new Log(1, 100);
    log.append(0, { version: 1n });
    log.restart();
    const client = new Client(3);
    const watching = client.watch(log, TailPosition.empty());
    for (let turn = 0; turn < 5; turn += 1) await settle();
    log.append(0, { version: 1n });
    log.append(0, { version: 2n });
    log.append(0, { version: 2n });
    log.append(0, { version: 3n });
    await watching;
    expect(client.ids).toEqual(['0/0', '0/2', '0/4']);
  });

  it('sees the same version of two streams of one subject, from the journal and from the log', async () => {
    const log = new Log(1, 100);
    log.append(0, { version: 1n });
    log.append(0, { version: 1n, stream: 'execution-1' });
    log.restart();
    const client = new Client();
    const watching = client.watch(log, TailPosition.empty());
    for (let turn = 0; turn < 5; turn += 1) await settle();
    log.append(0, { version: 2n });
    log.append(0, { version: 2n, stream: 'execution-1' });
    for (let turn = 0; turn < 5; turn += 1) await settle();
    client.leaving.abort();
    await watching;
    expect(client.ids).toEqual(['0/0', '0/1', '0/2', '0/3']);
  });

  it('that is too slow is told so and dropped', async () => {
    const log = new Log(1, 10);
    const client = new Client();
    const watching = client.watch(log);
    await settle();
    client.isSlow = true;
    log.append(0);
    await watching;
    expect(client.signals).toEqual(['open', 'dropped']);
    expect(client.reasons).toEqual(['slow']);
  });

  it('that was behind for a moment goes on where it stopped', async () => {
    const log = new Log(1, 5);
    const client = new Client(21);
    const watching = client.watch(log);
    await settle();
    client.queuedBytes = 1_000;
    log.append(0);
    for (let index = 0; index < 10; index += 1) log.append(0);
    client.queuedBytes = 0;
    for (let index = 0; index < 10; index += 1) {
      log.append(0);
      await settle();
    }
    await watching;
    expect(client.ids).toEqual(Array.from({ length: 21 }, (_, at) => `0/${at}`));
  });

  it('is told to come back when the gateway stops', async () => {
    const log = new Log(1, 10);
    const client = new Client();
    const watching = client.watch(log);
    await settle();
    log.hub.close();
    await watching;
    expect(client.signals).toEqual(['open', 'reconnect']);
  });

  it('is told to come back when what it reads from is away', async () => {
    const log = new Log(1, 1);
    for (let index = 0; index < 5; index += 1) log.append(0);
    log.after = async () => Promise.reject(new Error('connection refused'));
    const client = new Client();
    await new TailSession({
      ...{ hub: log.hub, history: log, sink: client, tenantId: defaultTenant, filter: {}, from: TailPosition.empty() },
      ...{ signal: client.leaving.signal, queuedBytesMax: 500 },
    }).run();
    expect(client.reasons).toEqual(['unavailable']);
  });
});

describe('a filter', () => {
  const filterOf = (text: string): TailFilter => ({ expression: EventFilter.compile(text) });

  it('lets through what it says yes to, from the journal, the ring and live', async () => {
    const log = new Log(2, 3);
    for (let index = 0; index < 10; index += 1) log.append(index % 2);
    const client = new Client(7);
    const watching = client.watch(log, TailPosition.empty(), filterOf('id.startsWith("1/")'));
    for (let turn = 0; turn < 10; turn += 1) await settle();
    for (let index = 0; index < 4; index += 1) log.append(index % 2);
    await watching;
    expect(client.ids).toEqual(['1/0', '1/1', '1/2', '1/3', '1/4', '1/5', '1/6']);
  });

  it('that costs too much for one event ends the subscription, behind that event', async () => {
    const log = new Log(1, 10);
    const client = new Client();
    const expression = EventFilter.compile('id == "0/1" || true');
    const verdict = expression.verdict.bind(expression);
    expression.verdict = (subject) => (subject.id === '0/1' ? 'exhausted' : verdict(subject));
    const watching = client.watch(log, undefined, { expression });
    await settle();
    for (let index = 0; index < 3; index += 1) log.append(0);
    await watching;
    expect(client.ids).toEqual(['0/0']);
    expect(client.reasons).toEqual(['filter_cost']);
    expect(client.last?.nextOffset(topic, 0)).toBe(2n);
  });

  it('that takes more of a second than its tenant may ends its subscriptions, those of others stay', async () => {
    const log = new Log(1, 1_000);
    const costly = filterOf('id != "costly"');
    const clients = { costly: new Client(), cheap: new Client(), other: new Client() };
    const expression = costly.expression;
    const verdict = expression?.verdict.bind(expression);
    if (expression && verdict) {
      expression.verdict = (subject) => {
        const said = verdict(subject);
        expression.lastCost = 45;
        return said;
      };
    }
    const watching = [
      clients.costly.watch(log, undefined, costly),
      clients.cheap.watch(log, undefined, filterOf('id != "cheap"')),
      clients.other.watch(log),
    ];
    await settle();
    for (let index = 0; index < 10; index += 1) log.append(0);
    await watching[0];
    expect(clients.costly.reasons).toEqual(['filter_budget']);
    expect(clients.costly.ids).toHaveLength(5);
    expect(clients.costly.last?.nextOffset(topic, 0)).toBe(5n);
    for (const client of [clients.cheap, clients.other]) {
      expect(client.ids).toHaveLength(10);
      client.leaving.abort();
    }
    await Promise.all(watching);
  });
});
