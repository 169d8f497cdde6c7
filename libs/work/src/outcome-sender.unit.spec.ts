import { CommandCodec, type AnyCommand, type WorkflowWork } from '@chorda/contracts';
import { silentLogger, tenantId } from '@chorda/kernel';
import type { AnsweredWork, BegunWork } from '@chorda/read-models';
import { describe, expect, it } from 'vitest';
import { OutcomeSender, type OutcomeSenderParts } from './outcome-sender.js';
import { stepAnswers, type StepOutcome } from './steps/step-answers.js';

type Parts = OutcomeSenderParts<WorkflowWork, StepOutcome>;

const acme = tenantId('acme');
const codec = CommandCodec.offline(7);

/** An inbox in memory, and brokers that can be away. */
function ground() {
  const sent: { readonly id: string; readonly tenantId: string; readonly command: AnyCommand }[] = [];
  const inbox = { unsent: [] as AnsweredWork[], untold: [] as BegunWork[], done: [] as string[], isAway: false };
  const works: Parts['works'] = {
    unsent: () => Promise.resolve(inbox.unsent),
    untold: () => Promise.resolve(inbox.untold),
    told(told) {
      const ids = new Set(told.map(({ workId }) => workId));
      inbox.untold = inbox.untold.filter(({ workId }) => !ids.has(workId));
      return Promise.resolve();
    },
    done(done) {
      inbox.done.push(...done.map(({ workId }) => workId));
      inbox.unsent = inbox.unsent.filter(({ workId }) => !inbox.done.includes(workId));
      return Promise.resolve();
    },
  };
  const producer: Parts['producer'] = {
    send(record) {
      if (inbox.isAway) return Promise.reject(new Error('The brokers are away'));
      const headers = Object.entries(record.headers ?? {}).map(([name, text]) => [name, Buffer.from(String(text))]);
      const { command, metadata } = codec.decode({ ...record, headers: Object.fromEntries(headers) } as never);
      sent.push({ id: metadata.id, tenantId: metadata.tenantId, command });
      return Promise.resolve({} as never);
    },
  };
  const sender = new OutcomeSender<WorkflowWork, StepOutcome>({
    ...{ kind: stepAnswers, works, codec, producer, logger: silentLogger },
  });
  return { sender, inbox, sent, types: () => sent.map(({ command }) => command.type) };
}

function begun(workId: string, queue: 'workers' | 'steps' = 'workers'): BegunWork {
  const data = {
    ...{ workflow_id: `run-${workId}`, workflow_name: 'spec', step_id: 'charge', step_name: 'charge', attempt: 1 },
    ...{ step_type: 'tool', attempt_token: workId, queue, idempotent: true },
  };
  return {
    ...{ tenantId: acme, workId, owner: 'shop-1', begunMs: 1_700_000_000_000 },
    work: JSON.stringify({ type: 'workflow.step_requested', data }),
    metadata: JSON.stringify({ id: `asked-${workId}`, subject: `run-${workId}`, correlationId: 'c-1' }),
  };
}

function answered(workId: string): AnsweredWork {
  const outcome = { kind: 'result', status: 'completed', output_data: '1', error: null, duration_ms: 5 };
  return { ...begun(workId), outcome: JSON.stringify(outcome) };
}

describe('the start of a step that is long in coming to its end', () => {
  it('is told once, with who has it and since when', async () => {
    const { sender, inbox, sent } = ground();
    inbox.untold = [begun('a')];
    await sender.tellBegun();
    await sender.tellBegun();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.command).toMatchObject({
      type: 'workflow.record_step_started',
      data: { workflow_id: 'run-a', step_id: 'charge', attempt_token: 'a', worker: 'shop-1' },
    });
  });

  it('is told again under the same id where whoever told it did not write that down, and apart from its outcome', async () => {
    const { sender, inbox, sent } = ground();
    for (let times = 0; times < 2; times++) {
      inbox.untold = [begun('a')];
      await sender.tellBegun();
    }
    await sender.sendOnce(answered('a'));
    const [first, again, outcome] = sent.map(({ id }) => id);
    expect(again).toBe(first);
    expect(outcome).not.toBe(first);
  });

  it('stays untold while the brokers are away, and is told when they are back', async () => {
    const { sender, inbox, types } = ground();
    inbox.untold = [begun('a')];
    inbox.isAway = true;
    await sender.tellBegun();
    expect([inbox.untold.length, types()]).toEqual([1, []]);
    inbox.isAway = false;
    await sender.tellBegun();
    expect([inbox.untold.length, types()]).toEqual([0, ['workflow.record_step_started']]);
  });

  it('is nothing of what executors do themselves', async () => {
    const { sender, inbox, types } = ground();
    inbox.untold = [begun('a', 'steps')];
    await sender.tellBegun();
    expect([inbox.untold.length, types()]).toEqual([0, []]);
  });
});

describe('an outcome', () => {
  it('brings its start along, under one id however often it is sent, for its tenant', async () => {
    const { sender, sent, inbox } = ground();
    await sender.sendOnce(answered('a'));
    inbox.unsent = [answered('a')];
    await sender.sendUnsent();
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent[0]).toMatchObject({
      tenantId: 'acme',
      command: {
        type: 'workflow.record_step_result',
        data: { worker: 'shop-1', attempt_token: 'a', output_data: '1' },
      },
    });
    expect(inbox.done).toEqual(['a', 'a']);
  });

  it('that cannot be made a command keeps no other back', async () => {
    const { sender, sent, inbox } = ground();
    inbox.unsent = [answered('a'), { ...answered('b'), outcome: 'no JSON' }, answered('c')];
    await sender.sendUnsent();
    expect(sent.map(({ command: { data } }) => 'attempt_token' in data && data.attempt_token)).toEqual(['a', 'c']);
    expect(inbox.unsent.map(({ workId }) => workId)).toEqual(['b']);
  });

  it('is not done before the brokers have it', async () => {
    const { sender, inbox } = ground();
    inbox.isAway = true;
    await expect(sender.sendOnce(answered('a'))).rejects.toThrow('away');
    expect(inbox.done).toEqual([]);
  });
});
