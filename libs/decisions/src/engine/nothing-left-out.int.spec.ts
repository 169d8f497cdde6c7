import { defaultTenant } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { StreamReader } from '../streams/stream-reader.js';
import { expectSoundHistory } from '../test-support/sound-history.js';
import { jsonCodec } from '../test-support/json-codec.js';
import { TillGround } from '../test-support/till-ground.js';
import { till, type TillCommand, type TillEvent } from '../test-support/till.js';

const callers = 10;
const commandsOfCaller = 40;
const tills = ['a', 'b', 'c'];

/**
 * Stores that number events where each appender commits when it likes let a reader pass by a number that becomes visible
 * later, and nobody is told: a rebuild after appends by ten callers left out one event in seven of a store we measured.
 */
describe('what ten callers append at once', { timeout: 120_000 }, () => {
  let ground: TillGround;

  beforeAll(async () => {
    ground = await TillGround.open(inject('stack'));
    ground.startEngine({ commandsMax: 7 });
  });

  afterAll(() => ground.close());

  /** Follows a partition by the numbers of its events, as one who rebuilds from the table does. */
  async function followTables(seen: Map<number, bigint[]>): Promise<void> {
    const { rows } = await ground.pool.query<{ partition: number; partition_seq: string }>(
      'SELECT partition, partition_seq FROM decision_events ORDER BY partition, partition_seq',
    );
    for (const { partition, partition_seq } of rows) {
      const known = seen.get(partition) ?? [];
      seen.set(partition, known);
      // What is behind the last one seen is all that a follower looks at.
      if (BigInt(partition_seq) > (known.at(-1) ?? 0n)) known.push(BigInt(partition_seq));
    }
  }

  it('is read by whoever follows, rebuilds or asks for a stream meanwhile, and none of it is left out', async () => {
    const streams = new StreamReader(ground.pool, { aggregate: till, codec: jsonCodec<TillCommand, TillEvent>() });
    const follower = new Map<number, bigint[]>();
    const logSeen = new Map<number, bigint[]>();
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        await followTables(follower);
        for (const id of tills) {
          const history = await streams.history(defaultTenant, { kind: 'till', id }, 0n, 1_000);
          expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => BigInt(index + 1)));
          const at = await streams.at(defaultTenant, { kind: 'till', id });
          expect((at?.state.balance ?? 0) >= history.length).toBe(true);
        }
        for (const { record, seq } of await ground.log()) {
          const known = logSeen.get(record.partition) ?? [];
          logSeen.set(record.partition, known);
          if (seq !== undefined && seq > (known.at(-1) ?? 0n)) known.push(seq);
        }
      }
    })();
    await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        for (let index = 0; index < commandsOfCaller; index++) {
          const to = { till: tills[(caller + index) % tills.length] ?? 'a', id: `c-${caller}-${index}` };
          await ground.send({ type: 'till.add', data: { amount: 1 } }, to);
        }
      }),
    );
    await expect.poll(async () => (await ground.outcomes()).size, { timeout: 60_000 }).toBe(callers * commandsOfCaller);
    const { first } = await expectSoundHistory(ground);
    isOver = true;
    await reading;
    await followTables(follower);
    expect(first).toHaveLength(callers * commandsOfCaller);
    const contiguous = (seqs: readonly bigint[]) => seqs.map((_, index) => BigInt(index + 1));
    for (const [partition, seqs] of follower) expect(seqs, `partition ${partition}`).toEqual(contiguous(seqs));
    for (const [partition, seqs] of logSeen) expect(seqs, `log of ${partition}`).toEqual(contiguous(seqs));
    expect([...follower.values()].flat()).toHaveLength(callers * commandsOfCaller);
    const balances = await Promise.all(
      tills.map(async (id) => (await streams.at(defaultTenant, { kind: 'till', id }))?.state.balance ?? 0),
    );
    expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(callers * commandsOfCaller);
  });
});
