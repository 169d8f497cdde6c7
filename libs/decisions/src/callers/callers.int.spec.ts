import { defaultTenant, silentLogger, tenantId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { StreamReader } from '../streams/stream-reader.js';
import { commandRecord, jsonCodec } from '../test-support/json-codec.js';
import { commandTopic, eventTopic, TillGround } from '../test-support/till-ground.js';
import { till, type TillCommand, type TillEvent } from '../test-support/till.js';
import { DecisionAdmission } from './admission.js';
import { CommandDoor, CommandRefusedAtDoorError } from './command-door.js';
import { OutcomeWaiter } from './outcome-waiter.js';

describe('callers of commands', () => {
  let ground: TillGround;
  let waiter: OutcomeWaiter;
  let admission: DecisionAdmission;
  let door: CommandDoor;

  beforeAll(async () => {
    ground = await TillGround.open(inject('stack'));
    const common = { pool: ground.pool, kind: 'till', metrics: ground.metrics, logger: silentLogger };
    waiter = new OutcomeWaiter({ ...common, databaseUrl: ground.database.url, eventTopic });
    waiter.start();
    admission = new DecisionAdmission({ ...common, driver: ground.driver, commandTopic, lagCommandsMax: 5 });
    door = new CommandDoor(ground.producer, waiter, admission);
  });

  afterAll(async () => {
    await waiter.close();
    await admission.close();
    await ground.close();
  });

  const give = (command: TillCommand, id: string, subject: string, waitMs = 20_000) => {
    const record = commandRecord(commandTopic, command, { id, subject });
    const partition = ground.partitionOf(subject);
    return door.give({ ...record, partition }, { tenantId: defaultTenant, commandId: id, waitMs });
  };

  it('are told when to come again while nobody decides, and nothing is taken', async () => {
    for (let index = 0; index < 8; index++) {
      expect(await give({ type: 'till.add', data: { amount: 1 } }, `w-${index}`, 'w', 0)).toMatchObject({
        kind: 'taken',
      });
    }
    const standing = ground.partitionOf('w');
    await ground.pool.query(
      `INSERT INTO decision_partitions (kind, partition, epoch, owner, next_command_offset, next_partition_seq,
         published_seq, published_offset, claimed_at, updated_at) VALUES ('till', $1, 1, 'gone', 0, 1, 0, 0, now(), now())`,
      [standing],
    );
    await admission.look();
    const refused = await give({ type: 'till.count', data: {} }, 'w-9', 'w').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CommandRefusedAtDoorError);
    expect(refused).toMatchObject({ refusal: { reason: 'lag' } });
    const other = ['x', 'y', 'z'].find((each) => ground.partitionOf(each) !== standing) ?? 'x';
    expect(admission.refusal(ground.partitionOf(other))).toBeUndefined();
    expect(await give({ type: 'till.count', data: {} }, 'w-10', other, 50)).toMatchObject({ kind: 'taken' });
  });

  it('are answered with the outcome and a position behind their events, a hundred at once', async () => {
    ground.startEngine();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        give({ type: 'till.add', data: { amount: 1 } }, `m-${index}`, `m-${index % 7}`),
      ),
    );
    const log = await ground.log();
    for (const [index, answer] of answers.entries()) {
      const event = log.find(({ commandId }) => commandId === `m-${index}`)?.record;
      expect(answer).toMatchObject({ kind: 'decided', outcome: { status: 'accepted' } });
      expect(answer.kind === 'decided' && answer.position.partition).toBe(event?.partition);
      expect(answer.kind === 'decided' && answer.position.offset >= (event?.offset ?? 0n)).toBe(true);
    }
    await admission.look();
    expect(admission.refusal(ground.partitionOf('w'))).toBeUndefined();
  });

  it('get the same answer for the same command, and a refusal as one', async () => {
    const first = await give({ type: 'till.add', data: { amount: 3 } }, 'n-0', 'n');
    const again = await give({ type: 'till.add', data: { amount: 3 } }, 'n-0', 'n');
    expect(again).toMatchObject({ outcome: first.kind === 'decided' ? first.outcome : {} });
    const refused = await give({ type: 'till.add', data: { amount: -9 } }, 'n-1', 'n');
    expect(refused).toMatchObject({ kind: 'decided', outcome: { status: 'refused', code: 'TILL_EMPTY' } });
    expect(await waiter.find(defaultTenant, 'n-1')).toMatchObject({ outcome: { status: 'refused' } });
    expect(await waiter.find(tenantId('other'), 'n-1')).toBeUndefined();
  });

  it('see a stream as it was, at a version or a moment, and no other tenant does', async () => {
    const streams = new StreamReader(ground.pool, { aggregate: till, codec: jsonCodec<TillCommand, TillEvent>() });
    const stream = { kind: 'till', id: 'v' } as const;
    for (const amount of [1, 2, 3]) await give({ type: 'till.add', data: { amount } }, `v-${amount}`, 'v');
    const events = await streams.history(defaultTenant, stream, 0n, 10);
    expect(events.map(({ version }) => version)).toEqual([1n, 2n, 3n]);
    expect(await streams.at(defaultTenant, stream)).toMatchObject({ version: 3n, state: { balance: 6 } });
    expect(await streams.at(defaultTenant, stream, { version: 2n })).toMatchObject({
      version: 2n,
      state: { balance: 3 },
    });
    const timeMs = events[0]?.metadata.timeMs ?? 0;
    expect((await streams.at(defaultTenant, stream, { timeMs }))?.version).toBe(
      BigInt(events.filter(({ metadata }) => metadata.timeMs <= timeMs).length),
    );
    expect(await streams.at(defaultTenant, stream, { timeMs: timeMs - 1 })).toBeUndefined();
    expect(await streams.at(tenantId('other'), stream)).toBeUndefined();
  });
});
