import { createHash } from 'node:crypto';
import { defaultTenant } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decisionBounds } from '../bounds.js';
import { streamKey } from '../stream-name.js';
import { jsonCodec } from '../test-support/json-codec.js';
import { till, workQueue, type Slip, type Till, type TillCommand, type TillEvent } from '../test-support/till.js';
import { decideTurn } from './decide-turn.js';
import type { DueTimer, StreamState, TurnCommand, TurnRecord, TurnResult } from './turn.js';

const codec = jsonCodec<TillCommand, TillEvent>();
const place = (tillId: string) => ({ tenantId: defaultTenant, subject: tillId, stream: { kind: 'till', id: tillId } });
const emptyTill: Till = { balance: 0, reminders: new Map() };

function given(command: TillCommand, id: string, tillId = 'one', offset = 0n): TurnCommand<TillCommand> {
  const context = { id, tenantId: defaultTenant, subject: tillId, timeMs: 0, actor: null, correlationId: id };
  return { context, command, offset, timer: undefined };
}

function stateOf(tillId: string, state: Till, version = 0n): [string, StreamState] {
  return [streamKey(defaultTenant, { kind: 'till', id: tillId }), { ...place(tillId), version, state, snapshotAt: 0n }];
}

function turnOf(
  commands: readonly TurnCommand<TillCommand>[],
  loaded: ReadonlyMap<string, StreamState>,
  nowMs = 1_000,
) {
  return {
    ...{ aggregate: till, eventTopic: 'events', source: 'urn:spec', encoder: codec, bounds: decisionBounds },
    ...{ epoch: 1n, firstSeq: 1n, nowMs, commands, loaded, condemned: new Map<string, Error>() },
  };
}

describe('a turn', () => {
  const loaded = new Map([stateOf('one', emptyTill)]);

  it('decides each command on what those before it left', () => {
    const add = (amount: number, id: string) => given({ type: 'till.add', data: { amount } }, id);
    const { outcomes, records } = decideTurn(turnOf([add(5, 'a'), add(-5, 'b'), add(-1, 'c')], loaded));
    expect(outcomes.map(({ outcome }) => outcome.status)).toEqual(['accepted', 'accepted', 'refused']);
    expect(records.map(({ seq, version }) => [seq, version])).toEqual([
      [1n, 1n],
      [2n, 2n],
    ]);
  });

  it('asks for all streams that it lacks at once, and is void until it has them', () => {
    const sell = (slip: string) => given({ type: 'till.sell', data: { slip, amount: 1 } }, slip);
    const { missing } = decideTurn(turnOf([sell('s1'), sell('s2')], loaded));
    expect(missing.map(({ stream }) => stream.id)).toEqual(['s1', 's2']);
  });

  it('ends before a command that fails by a fault, and gives it up once it is condemned', () => {
    const commands = [
      given({ type: 'till.add', data: { amount: 1 } }, 'a', 'one', 0n),
      given({ type: 'till.break', data: { how: 'decide' } }, 'b', 'one', 1n),
      given({ type: 'till.add', data: { amount: 1 } }, 'c', 'one', 2n),
    ];
    const first = decideTurn(turnOf(commands, loaded));
    expect(first).toMatchObject({ taken: 1, fault: { error: { message: 'The till is broken' } } });
    const condemned = new Map([['1', new Error('The till is broken')]]);
    const next = decideTurn({ ...turnOf(commands, loaded), condemned });
    expect(next.outcomes.map(({ outcome }) => outcome.status)).toEqual(['accepted', 'failed', 'accepted']);
    expect(next.dead).toHaveLength(1);
  });

  it('leaves nothing of a command whose answer or follow-ups break a bound', () => {
    for (const command of [
      given({ type: 'till.break', data: { how: 'answer' } }, 'a'),
      given({ type: 'till.chain', data: { times: 102 } }, 'b'),
    ]) {
      const { records, outcomes, changed, fault } = decideTurn(turnOf([command], loaded));
      expect(fault?.error.message).toMatch(/at most \d+ are taken/);
      expect([records.length, outcomes.length, changed.size]).toEqual([0, 0, 0]);
    }
  });

  describe('with a command that makes more than a batch of the log takes', () => {
    const mebibyte = 1024 * 1024;
    const even = Buffer.alloc(mebibyte);
    const varied = createHash('shake256', { outputLength: mebibyte }).digest();
    /** So many events, each with this value. */
    const turnWith = (times: number, value: Buffer, recordsOfCommandMax = 1_000) => ({
      ...turnOf([given({ type: 'till.chain', data: { times } }, 'large')], loaded),
      encoder: {
        ...codec,
        encodeEvent: (...asked: Parameters<typeof codec.encodeEvent>) => ({ ...codec.encodeEvent(...asked), value }),
      },
      bounds: { ...decisionBounds, recordsOfCommandMax },
    });

    it.each([
      ['in number', turnWith(6, Buffer.alloc(1), 5), 'records_max 5'],
      ['in bytes', turnWith(15, even), 'bytes_max 14680064'],
      ['in bytes that hardly compress', turnWith(2, varied), 'bytes_max 1835008'],
    ])('refuses it by the bound, %s, and leaves nothing of it', (_, turn, bound) => {
      const { records, outcomes, changed } = decideTurn(turn);
      const outcome = { status: 'refused', code: 'COMMAND_TOO_LARGE', message: expect.stringContaining(bound) };
      expect(outcomes).toMatchObject([{ outcome }]);
      expect([records.length, changed.size]).toEqual([0, 0]);
    });

    it('sets it aside where a service of ours gave it: nobody waits to be told', () => {
      const turn = turnWith(15, even);
      const [command] = turn.commands;
      const context = { ...command!.context, actor: 'urn:chorda:service:orchestrator' };
      const { fault, outcomes } = decideTurn({ ...turn, commands: [{ ...command!, context }] });
      expect(fault?.error.message).toContain('bytes_max 14680064');
      expect(outcomes).toEqual([]);
    });

    it('takes it where it compresses to less', () => {
      const { records, outcomes } = decideTurn(turnWith(4, even));
      expect(outcomes).toMatchObject([{ outcome: { status: 'accepted' } }]);
      expect(records).toHaveLength(4);
    });

    it('leaves the timer that gave it for a time when the rules make less', () => {
      const timer: DueTimer = { ...place('one'), timer: { id: 'r', dueMs: 500 }, correlationId: 'r' };
      const { context } = given({ type: 'till.count', data: {} }, 'timer');
      const command = { type: 'till.chain' as const, data: { times: 15 } };
      const { fault, timers } = decideTurn({
        ...turnWith(15, even),
        commands: [{ context, command: undefined, offset: undefined, timer }],
        loaded: new Map([stateOf('one', { balance: 0, reminders: new Map([['r', 500]]) })]),
        aggregate: { ...till, due: () => command },
      });
      expect(fault?.error.message).toContain('bytes_max 14680064');
      expect(timers).toEqual([]);
    });
  });

  it('gives events, facts, work and ids that are the same when it is decided again', () => {
    const slip = { kind: 'slip', id: 's' };
    const both = new Map([
      ...loaded,
      [
        streamKey(defaultTenant, slip),
        { ...place('one'), stream: slip, version: 0n, state: { amounts: [] }, snapshotAt: 0n },
      ],
    ]);
    const sell = given({ type: 'till.sell', data: { slip: 's', amount: 1 } }, 'a');
    const { records } = decideTurn(turnOf([sell], both));
    expect(records.map(({ topic, type, version }) => [topic, type, version])).toEqual([
      ['events', 'till.added', 1n],
      ['events', 'slip.written', 1n],
      ['events', 'till.sold', undefined],
      [workQueue, 'slip.print', undefined],
    ]);
    expect(decideTurn(turnOf([sell], both)).records).toEqual(records);
    expect(records[1]?.body.headers).toMatchObject({
      ce_stream: 'slip-s',
      ce_streamversion: '1',
      ce_partitionseq: '2',
    });
  });

  it('drops a timer that an earlier command of it has ended', () => {
    const waiting = new Map([stateOf('one', { balance: 0, reminders: new Map([['r', 500]]) }, 1n)]);
    const timer: DueTimer = { ...place('one'), timer: { id: 'r', dueMs: 500 }, correlationId: 'x' };
    const fired = { ...given({ type: 'till.count', data: {} }, 't'), command: undefined, offset: undefined, timer };
    const forget = given({ type: 'till.forget', data: { reminder: 'r' } }, 'f');
    const { records, timers } = decideTurn(turnOf([forget, fired], waiting));
    expect(records).toHaveLength(1);
    expect(timers).toMatchObject([{ timerId: 'r', dueMs: undefined }]);
  });
});

/** Postgres and Kafka as far as the engine relies on them: a turn is written whole or not at all, a record once it is acknowledged. */
class World {
  readonly topic: TurnRecord[] = [];
  readonly outcomes = new Map<string, string>();
  private readonly events: TurnRecord[] = [];
  private readonly timers = new Map<string, DueTimer>();
  private nextOffset = 0;
  private publishedSeq = 0n;
  private epoch = 0n;
  nowMs = 0;

  constructor(private readonly log: readonly TurnCommand<TillCommand>[]) {}

  get isIdle(): boolean {
    return this.nextOffset >= this.log.length && this.timers.size === 0 && this.publishedSeq === this.lastSeq;
  }

  /** @param survives Whether the process lives to commit. */
  turn(commandsMax: number, survives: boolean): void {
    this.epoch++;
    const batch = this.log.slice(this.nextOffset, this.nextOffset + commandsMax);
    const seen = new Set(this.outcomes.keys());
    const fresh = batch.filter(({ context }) => !seen.has(context.id) && seen.add(context.id));
    const due = [...this.timers.values()].filter(({ timer }) => timer.dueMs <= this.nowMs);
    const fired = due.map((timer): TurnCommand<TillCommand> => {
      const context = { ...given({ type: 'till.count', data: {} }, `${timer.timer.id} fires`).context, ...timer };
      return { context, command: undefined, offset: undefined, timer };
    });
    const result = this.decide([...fresh, ...fired]);
    if (survives) this.commit(result, this.nextOffset + batch.length);
  }

  /** A publication that ends anywhere, and may be written down or not. */
  publish(count: number, isSettled: boolean): void {
    const waiting = this.events.filter(({ seq }) => seq > this.publishedSeq).slice(0, count);
    this.topic.push(...waiting);
    if (isSettled) this.publishedSeq = waiting.at(-1)?.seq ?? this.publishedSeq;
  }

  private get lastSeq(): bigint {
    return this.events.at(-1)?.seq ?? 0n;
  }

  private decide(commands: readonly TurnCommand<TillCommand>[]): TurnResult<TillCommand> {
    const loaded = new Map<string, StreamState>();
    for (;;) {
      const turn = { ...turnOf(commands, loaded, this.nowMs), epoch: this.epoch, firstSeq: this.lastSeq + 1n };
      const result = decideTurn(turn);
      if (result.missing.length === 0) return result;
      for (const missing of result.missing) loaded.set(streamKey(missing.tenantId, missing.stream), this.fold(missing));
    }
  }

  private fold(missing: Pick<StreamState, 'tenantId' | 'subject' | 'stream'>): StreamState {
    const mine = this.events.filter(
      ({ stream }) => stream?.kind === missing.stream.kind && stream.id === missing.stream.id,
    );
    const { initialState, evolve } = till.streams[missing.stream.kind === 'till' ? 'till' : 'slip'] as {
      initialState: Till | Slip;
      evolve: (state: Till | Slip, event: TillEvent) => Till | Slip;
    };
    const state = mine.reduce((before, record) => evolve(before, eventIn(record)), initialState);
    return { ...missing, version: BigInt(mine.length), state, snapshotAt: 0n };
  }

  private commit({ records, outcomes, timers }: TurnResult<TillCommand>, nextOffset: number): void {
    this.events.push(...records);
    this.nextOffset = nextOffset;
    for (const { commandId, outcome } of outcomes) this.outcomes.set(commandId, JSON.stringify(outcome, withBigints));
    for (const { timerId, dueMs, correlationId, ...where } of timers) {
      const key = `${where.stream.id} ${timerId}`;
      if (dueMs === undefined) this.timers.delete(key);
      else this.timers.set(key, { ...where, timer: { id: timerId, dueMs }, correlationId });
    }
  }
}

function eventIn({ type, body }: TurnRecord): TillEvent {
  return { type, data: JSON.parse(body.value.toString()) } as TillEvent;
}

const withBigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

const someCommand = fc.oneof(
  fc.record({ type: fc.constant('till.add' as const), data: fc.record({ amount: fc.integer({ min: -3, max: 5 }) }) }),
  fc.record({
    type: fc.constant('till.sell' as const),
    data: fc.record({ slip: fc.constantFrom('s1', 's2'), amount: fc.integer({ min: -2, max: 3 }) }),
  }),
  fc.record({
    type: fc.constant('till.remind' as const),
    data: fc.record({ reminder: fc.constantFrom('r1', 'r2'), atMs: fc.integer({ min: 0, max: 40 }) }),
  }),
  fc.record({ type: fc.constant('till.forget' as const), data: fc.record({ reminder: fc.constantFrom('r1', 'r2') }) }),
  fc.record({ type: fc.constant('till.chain' as const), data: fc.record({ times: fc.integer({ min: 1, max: 4 }) }) }),
);

const someStep = fc.oneof(
  fc.record({
    kind: fc.constant('turn' as const),
    commandsMax: fc.integer({ min: 1, max: 6 }),
    survives: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 0, max: 9 }), isSettled: fc.boolean() }),
  fc.record({ kind: fc.constant('time' as const), passedMs: fc.integer({ min: 1, max: 15 }) }),
);

/** Slips belong to one till each: the key decides who may write a stream. */
function commandsOf(
  orders: readonly { readonly command: TillCommand; readonly tillId: string; readonly again: number }[],
) {
  const distinct = orders.map(({ command, tillId }, index) => {
    const own = command.type === 'till.sell' ? { ...command.data, slip: `${tillId}-${command.data.slip}` } : undefined;
    const mine: TillCommand = own ? { type: 'till.sell', data: own } : command;
    return given(mine, `c-${index}`, tillId);
  });
  const repeated = orders.flatMap(({ again }, index) => [
    distinct[index]!,
    ...(distinct[index - again] ? [distinct[index - again]!] : []),
  ]);
  return { distinct, log: repeated.map((command, offset) => ({ ...command, offset: BigInt(offset) })) };
}

describe('turns, however they are interrupted and whatever comes twice', { timeout: 60_000 }, () => {
  const orders = fc.array(
    fc.record({ command: someCommand, tillId: fc.constantFrom('one', 'two'), again: fc.integer({ min: 0, max: 4 }) }),
    { maxLength: 25 },
  );

  it('decide each command once, publish first occurrences in order, and fire each timer once and not early', () => {
    fc.assert(
      fc.property(orders, fc.array(someStep, { maxLength: 40 }), (given, steps) => {
        const { distinct, log } = commandsOf(given as Parameters<typeof commandsOf>[0]);
        const world = new World(log);
        for (const step of steps) {
          if (step.kind === 'turn') world.turn(step.commandsMax, step.survives);
          else if (step.kind === 'publish') world.publish(step.count, step.isSettled);
          else world.nowMs += step.passedMs;
        }
        for (let round = 0; round < 200 && !world.isIdle; round++) {
          world.turn(6, true);
          world.publish(1_000, true);
          world.nowMs += 5;
        }
        expect(world.isIdle).toBe(true);
        expect([...world.outcomes.keys()].sort()).toEqual(distinct.map(({ context }) => context.id).sort());
        expectSound(world.topic);
      }),
      { numRuns: 300 },
    );
  });
});

function expectSound(topic: readonly TurnRecord[]): void {
  const first = new Map<bigint, TurnRecord>();
  const versions = new Map<string, bigint>();
  const balances = new Map<string, number>();
  const reminders = new Map<string, number>();
  let lastSeq = 0n;
  for (const record of topic) {
    const before = first.get(record.seq);
    if (before) {
      expect(record).toBe(before);
      continue;
    }
    expect(record.seq).toBe(lastSeq + 1n);
    lastSeq = record.seq;
    first.set(record.seq, record);
    const { stream, version } = record;
    if (!stream) continue;
    const name = `${stream.kind}-${stream.id}`;
    expect(version).toBe((versions.get(name) ?? 0n) + 1n);
    versions.set(name, version ?? 0n);
    check(name, record, balances, reminders);
  }
  expect(reminders.size).toBe(0);
}

function check(name: string, record: TurnRecord, balances: Map<string, number>, reminders: Map<string, number>): void {
  const event = eventIn(record);
  if (event.type === 'till.added') {
    const balance = (balances.get(name) ?? 0) + event.data.amount;
    expect(event.data.balance).toBe(balance);
    expect(balance).toBeGreaterThanOrEqual(0);
    balances.set(name, balance);
  } else if (event.type === 'till.reminder_set') {
    reminders.set(`${name} ${event.data.reminder}`, event.data.atMs);
  } else if (event.type === 'till.reminder_gone') {
    const key = `${name} ${event.data.reminder}`;
    expect(reminders.get(key)).toBe(event.data.atMs);
    reminders.delete(key);
    if (record.body.headers['ce_commandid']?.endsWith('fires'))
      expect(record.timeMs).toBeGreaterThanOrEqual(event.data.atMs);
  }
}
