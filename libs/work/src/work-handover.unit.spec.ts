import type { EventMetadata, WorkEnvelope, WorkflowWork } from '@chorda/contracts';
import type { PublishedRecord } from '@chorda/decisions';
import { silentLogger, type TenantId } from '@chorda/kernel';
import type { NewWork } from '@chorda/read-models';
import { describe, expect, it } from 'vitest';
import { WorkHandover } from './work-handover.js';
import { InboxFullError, type Inbox } from './work-intake.js';
import type { WorkRead } from './work-kind.js';

describe('published work that is handed over', () => {
  it('is taken at once, all partitions together, and passed by when the log brings it', async () => {
    const { handover, taken } = handoverTo(() => Promise.resolve());
    handover.give([record('a'), record('b')]);
    handover.give([record('c'), { ...record('event'), topic: 'workflow.events' }]);
    expect(await handover.passedBy(['a', 'b', 'c', 'other'])).toEqual(new Set(['a', 'b', 'c']));
    expect(taken).toEqual([['a', 'b', 'c']]);
  });

  it('is passed by once: what the log brings again is for the inbox to know', async () => {
    const { handover } = handoverTo(() => Promise.resolve());
    handover.give([record('a')]);
    await handover.passedBy(['a']);
    expect(await handover.passedBy(['a'])).toEqual(new Set());
  });

  it('leaves to the log what the inbox did not take', async () => {
    const { handover } = handoverTo(() => Promise.reject(new InboxFullError(1)));
    handover.give([record('a')]);
    expect(await handover.passedBy(['a'])).toEqual(new Set());
  });

  it('is tried again where the database is away for a moment', async () => {
    let isAway = true;
    const { handover } = handoverTo(() => {
      if (!isAway) return Promise.resolve();
      isAway = false;
      return Promise.reject(new Error('away'));
    });
    handover.give([record('a')]);
    expect(await handover.passedBy(['a'])).toEqual(new Set(['a']));
  });

  it('makes the log wait until it is known whether it was taken', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { handover } = handoverTo(() => promise);
    handover.give([record('a')]);
    let isAnswered = false;
    const passedBy = handover.passedBy(['a']).finally(() => (isAnswered = true));
    await new Promise((turn) => setImmediate(turn));
    await new Promise((turn) => setImmediate(turn));
    expect(isAnswered).toBe(false);
    resolve();
    expect(await passedBy).toEqual(new Set(['a']));
  });

  it('leaves to the log what ends other work, which may have been left there too', async () => {
    const { handover, taken } = handoverTo(() => Promise.resolve());
    handover.give([record('a'), record('stop a', 'test.stop_requested')]);
    expect(await handover.passedBy(['a', 'stop a'])).toEqual(new Set(['a']));
    expect(taken).toEqual([['a']]);
  });

  it('takes nothing more when it stops', async () => {
    const { handover, taken } = handoverTo(() => Promise.resolve());
    await handover.stop();
    handover.give([record('a')]);
    expect(await handover.passedBy(['a'])).toEqual(new Set());
    expect(taken).toEqual([]);
  });
});

/** @param take What the inbox does with what it is given. */
function handoverTo(take: () => Promise<void>) {
  const taken: string[][] = [];
  const inbox: Inbox = {
    async take(items) {
      await take();
      taken.push(items.map(({ workId }) => workId));
    },
    revoke: () => Promise.resolve(),
  };
  const handover = new WorkHandover<WorkflowWork>({
    kind: {
      ...{ topics: ['workflow.work.workers'], endsWork: new Set(['test.stop_requested']), crashPrefix: 'test', read },
    },
    codec: { decode: ({ headers }) => envelopeOf(String(headers['ce_id'])) },
    ...{ inbox, logger: silentLogger },
  });
  return { handover, taken };
}

function record(id: string, type = 'test.requested'): PublishedRecord {
  const headers = { ce_id: id, ce_type: type };
  return { topic: 'workflow.work.workers', key: Buffer.from('t/r'), value: Buffer.alloc(0), headers };
}

/** Of a record its id is enough here: what is read of it is `read`'s. */
function envelopeOf(id: string): WorkEnvelope {
  return { metadata: { id } } as Partial<WorkEnvelope> as WorkEnvelope;
}

function read(_topic: string, _work: WorkflowWork, { id }: EventMetadata): WorkRead {
  const work = { tenantId: 'default' as TenantId, workId: id, queue: 'q' };
  const item: NewWork = {
    ...{ ...work, toolName: null, repeatable: true, work: '{}', metadata: '{}', leaseMs: 1_000, deadlineMs: 1 },
  };
  return { kind: 'asked', item };
}
