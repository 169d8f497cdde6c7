import { defaultTenant, silentLogger, tenantId, type TenantId } from '@chorda/kernel';
import type { CallsWanted, LeasedWork } from '@chorda/read-models';
import { Counter, Gauge, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { ParkedPolls } from './parked-polls.js';

/** An inbox whose statements are answered when the test says so. */
function ground() {
  const registers = [new Registry()];
  const asked: (readonly CallsWanted[])[] = [];
  const answers: ((claimed: readonly (readonly LeasedWork[])[] | Error) => void)[] = [];
  const released: string[] = [];
  let tell: (payload: string) => void = () => undefined;
  const polls = new ParkedPolls({
    works: {
      claimForAll: (wanted) => {
        asked.push(wanted);
        return new Promise((resolve, reject) => {
          answers.push((claimed) => (claimed instanceof Error ? reject(claimed) : resolve(claimed)));
        });
      },
      release: (leases) => {
        released.push(...leases.map(({ workId }) => workId));
        return Promise.resolve();
      },
    },
    ready: {
      subscribe: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    metrics: {
      waiting: new Gauge({ name: 'waiting', help: '-', registers }),
      refused: new Counter({ name: 'refused', help: '-', registers }),
    },
    logger: silentLogger,
  });
  const turns = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    polls,
    asked,
    released,
    turns,
    tell: (tenant: TenantId) => tell(tenant),
    /** Answers the statement under way. */
    async answer(...claimed: (readonly LeasedWork[])[]) {
      await turns();
      answers.shift()?.(claimed);
      await turns();
    },
    async fail() {
      await turns();
      answers.shift()?.(new Error('no database'));
      await turns();
    },
  };
}

const wanted = (more: Partial<CallsWanted> = {}): CallsWanted => ({
  ...{ tenantId: defaultTenant, queue: 'workers', tools: ['a'], owner: 'one', max: 2, ...more },
});
const leased = (workId: string): LeasedWork => ({
  ...{ tenantId: defaultTenant, workId, queue: 'workers', toolName: 'a', repeatable: true, work: '{}', metadata: '{}' },
  ...{ leaseMs: 1_000, leaseToken: workId, deliveries: 1, leftMs: 1_000 },
});
const ids = (works: readonly LeasedWork[]) => works.map(({ workId }) => workId);
const stays = () => new AbortController().signal;

describe('polls that wait', () => {
  it('are looked for together: those that ask for the same as one, each given as much as it asked for', async () => {
    const { polls, asked, answer } = ground();
    const [first, second] = [polls.claim(wanted(), 60_000, stays()), polls.claim(wanted(), 60_000, stays())];
    const other = polls.claim(wanted({ tools: ['b'], owner: 'two' }), 60_000, stays());
    await answer([leased('1'), leased('2'), leased('3')], [leased('4')]);
    expect(asked[0]).toEqual([wanted({ max: 4 }), wanted({ tools: ['b'], owner: 'two' })]);
    expect([ids(await first), ids(await second), ids(await other)]).toEqual([['1', '2'], ['3'], ['4']]);
    polls.stop();
  });

  it('ask nothing until something comes for their tenant', async () => {
    const { polls, asked, answer, tell, turns } = ground();
    const poll = polls.claim(wanted(), 60_000, stays());
    await answer([]);
    tell(tenantId('acme'));
    await turns();
    expect(asked).toHaveLength(1);
    tell(defaultTenant);
    await answer([leased('1')]);
    expect(ids(await poll)).toEqual(['1']);
    polls.stop();
  });

  it('hear of what came while they were looked for', async () => {
    const { polls, answer, tell } = ground();
    const poll = polls.claim(wanted(), 60_000, stays());
    await new Promise((resolve) => setImmediate(resolve));
    tell(defaultTenant);
    await answer([]);
    await answer([leased('1')]);
    expect(ids(await poll)).toEqual(['1']);
    polls.stop();
  });

  it('look once where they have no time, and end with nothing', async () => {
    const { polls, asked, answer } = ground();
    const poll = polls.claim(wanted(), 0, stays());
    await new Promise((resolve) => setTimeout(resolve, 5));
    await answer([]);
    expect(ids(await poll)).toEqual([]);
    expect(asked).toHaveLength(1);
    polls.stop();
  });

  it('whose caller has gone get nothing: what was leased for it goes to whoever else waits, or back', async () => {
    const { polls, released, answer, turns } = ground();
    const leaving = new AbortController();
    const gone = polls.claim(wanted(), 60_000, leaving.signal);
    const stayed = polls.claim(wanted({ max: 1 }), 60_000, stays());
    await turns();
    leaving.abort();
    await answer([leased('1'), leased('2')]);
    expect([ids(await gone), ids(await stayed)]).toEqual([[], ['1']]);
    expect(released).toEqual(['2']);
    polls.stop();
  });

  it('fail where the inbox cannot be asked, and others after them are served', async () => {
    const { polls, answer, fail } = ground();
    const failing = polls.claim(wanted(), 60_000, stays());
    await Promise.all([expect(failing).rejects.toThrow('no database'), fail()]);
    const poll = polls.claim(wanted(), 60_000, stays());
    await answer([leased('1')]);
    expect(ids(await poll)).toEqual(['1']);
    polls.stop();
  });

  it('are refused past what one tenant may have, and end when this stops', async () => {
    const { polls } = ground();
    const many = Array.from({ length: 500 }, () => polls.claim(wanted(), 60_000, stays()));
    await expect(polls.claim(wanted(), 60_000, stays())).rejects.toMatchObject({ code: 'OVERLOADED' });
    const others = polls.claim(wanted({ tenantId: tenantId('acme') }), 60_000, stays());
    polls.stop();
    expect((await Promise.all([...many, others])).flat()).toEqual([]);
  });
});
