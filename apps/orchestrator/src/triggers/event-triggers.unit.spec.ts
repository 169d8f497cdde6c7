import type { AnyCommand, OpenedEvent } from '@chorda/contracts';
import { tenantId, type TenantId } from '@chorda/kernel';
import type { Batch, Message } from '@chorda/messaging';
import type { TriggerCame, WorkflowTrigger } from '@chorda/read-models';
import { describe, expect, it } from 'vitest';
import type { Opened } from '../routing/opened-events.js';
import type { CommandGiver, GivenBy } from '../steps/command-giver.js';
import { EventTriggers, type EventCame } from './event-triggers.js';
import { TriggerBook } from './trigger-book.js';
import { deeper, depthMax, depthOf } from './trigger-depth.js';

const acme = tenantId('acme');
const trigger: WorkflowTrigger = {
  ...{ tenantId: acme, triggerId: 'orders', kind: 'event', title: null, workflowName: 'check', workflowVersion: null },
  ...{ topics: ['external.webhook'], filter: "event.data.event_name == 'order'", input: 'event.data.body' },
  ...{ enabled: true, signingSecret: null, createdAt: new Date(1_000_000), createdBy: 'spec' },
};

interface Sent {
  readonly name?: string;
  readonly id?: string;
  readonly tenant?: TenantId;
  readonly correlationId?: string;
  readonly recordedMs?: number;
  readonly isBroken?: boolean;
}

function message({
  name = 'order',
  id = 'e-1',
  tenant = acme,
  correlationId = 'c-1',
  recordedMs,
  isBroken = false,
}: Sent): Message<Opened> {
  const metadata = { id, source: 'urn:spec', subject: 'user-7', tenantId: tenant, timeMs: 2_000_000, correlationId };
  const data = { user_id: 'user-7', provider: 'spec', event_name: name, delivery_id: null };
  const more = { signature_verified: false, headers: [], body: '{"order":7}' };
  const event = { type: 'external.webhook', data: { ...data, ...more } };
  // Only what the handler reads of a message is here.
  const read = () => {
    if (isBroken) throw new TypeError('truncated');
    return { event, metadata };
  };
  const opened = { type: event.type, metadata, read } as never as OpenedEvent;
  const place = { topic: 'external.webhook', partition: 0, offset: 0n };
  const record = { ...place, timestampMs: recordedMs ?? 2_000_000 };
  const carried: Opened = { type: event.type, data: opened };
  return { record, origin: place, event: carried, envelope: { event: carried, metadata } } as never;
}

function setUp(triggers: readonly WorkflowTrigger[] = [trigger], isStored = true) {
  const given: { readonly command: AnyCommand; readonly by: GivenBy }[] = [];
  const came: EventCame[] = [];
  const told: TriggerCame[] = [];
  const workflows: Pick<CommandGiver, 'give'> = {
    give: (command, by) => {
      given.push({ command, by });
      const outcome = { status: 'accepted', events: [], answer: undefined } as const;
      return Promise.resolve({ kind: 'decided', outcome } as never);
    },
  };
  const handler = new EventTriggers({
    book: new TriggerBook({ revision: () => Promise.resolve('1'), ofEvents: () => Promise.resolve(triggers) }),
    triggers: { came: (_tenant, _id, one) => Promise.resolve(void told.push(one)) },
    workflows: workflows as CommandGiver,
    definitions: { find: () => Promise.resolve(isStored ? { hash: 'f'.repeat(64), form: '{}' } : undefined) },
    onEvent: (one) => came.push(one),
  });
  const dead: string[] = [];
  const handle = async (...sent: readonly Sent[]) => {
    const messages = sent.map(message);
    const outcomes = { dead: (_message: unknown, error: Error & { code?: string }) => dead.push(error.code ?? '') };
    await handler.handleBatch({ messages, allDone: () => outcomes } as never as Batch<Opened>);
  };
  return { handle, given, came, told, dead };
}

describe('a trigger of events', () => {
  it('starts a run for what its filter is true for, with the input that it makes, and for nothing else', async () => {
    const { handle, given, came, dead } = setUp();
    await handle({}, { name: 'invoice', id: 'e-2' });
    expect([came.toSorted(), dead]).toEqual([['passed', 'started'], []]);
    expect(given.map(({ command }) => command)).toMatchObject([
      { type: 'workflow.start', data: { workflow_name: 'check', input_data: '{"order":7}' } },
    ]);
  });

  it('gives the same command again for the same event, and another for another', async () => {
    const { handle, given } = setUp();
    await handle({});
    await handle({});
    await handle({ id: 'e-2' });
    const ids = given.map(({ by }) => `${by.commandId} ${by.subject}`);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('looks at no event of another tenant, and at none from before it was there', async () => {
    const { handle, came } = setUp();
    await handle({ tenant: tenantId('other') }, { id: 'e-2', recordedMs: 900_000 });
    expect(came).toEqual([]);
  });

  it('says so where its filter cannot be asked, and leaves the event alone', async () => {
    const { handle, came, told, dead } = setUp([{ ...trigger, filter: 'event.data.none.such == 1' }]);
    await handle({});
    expect([came, dead]).toEqual([['filter_failed'], []]);
    expect(told).toMatchObject([{ errorCode: 'FILTER_FAILED' }]);
  });

  it('makes a dead letter of what cannot be started', async () => {
    const { handle, came, told, dead } = setUp([trigger], false);
    await handle({});
    expect([came, dead]).toEqual([['refused'], ['WORKFLOW_NOT_FOUND']]);
    expect(told).toMatchObject([{ errorCode: 'WORKFLOW_NOT_FOUND' }]);
  });

  it('makes a dead letter of an event whose payload cannot be read, and goes on', async () => {
    const { handle, came, dead } = setUp();
    await handle({ isBroken: true }, { id: 'e-2' });
    expect([came, dead]).toEqual([['started'], ['EVENT_UNREADABLE']]);
  });

  it('goes one deeper with each run of a chain, and no deeper than it may', async () => {
    const { handle, given, came, dead } = setUp();
    let correlationId = 'c-1';
    for (let depth = 0; depth < depthMax; depth++) {
      await handle({ id: `e-${depth}`, correlationId });
      correlationId = given.at(-1)?.by.metadata.correlationId ?? '';
    }
    expect(correlationId).toBe(`c-1~t${depthMax}`);
    await handle({ id: 'e-last', correlationId });
    expect([came.at(-1), dead]).toEqual(['too_deep', ['TRIGGER_TOO_DEEP']]);
    expect(given).toHaveLength(depthMax);
  });
});

it('a correlation id tells the depth of its chain', () => {
  expect(depthOf('c-1')).toBe(0);
  expect(deeper('c-1')).toBe('c-1~t1');
  expect(deeper('c-1~t7')).toBe('c-1~t8');
  expect(depthOf('c-1~t8')).toBe(8);
});
