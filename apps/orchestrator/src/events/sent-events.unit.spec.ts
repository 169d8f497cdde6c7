import type { OpenedEvent } from '@chorda/contracts';
import { tenantId, type TenantId } from '@chorda/kernel';
import type { Batch, Message } from '@chorda/messaging';
import type { AwaitedByTenant, EmittedEvent } from '@chorda/read-models';
import { awaitedEventsOf, readWorkflow } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import type { Opened } from '../routing/opened-events.js';
import { AwaitedBook } from './awaited-book.js';
import { sentChannel } from './sent-channel.js';
import { SentEvents } from './sent-events.js';

const acme = tenantId('acme');
const day = 86_400_000;
const name = 'external.webhook';
const byOrder = { language: 'cel', text: 'event.data.body.order' } as const;
const bySubject: AwaitedByTenant = { tenantId: acme, name, by: null, keptMs: null, since: new Date(1_000_000) };

interface Sent {
  readonly id?: string;
  readonly body?: string;
  readonly tenant?: TenantId;
  readonly recordedMs?: number;
}

function message({ id = 'e-1', body = '{"order":7}', tenant = acme, recordedMs = 2_000_000 }: Sent): Message<Opened> {
  const metadata = { id, source: 'urn:spec', subject: 'user-7', tenantId: tenant, timeMs: 1, correlationId: 'c-1' };
  const data = { user_id: 'user-7', provider: 'spec', event_name: 'paid', delivery_id: null };
  const event = { type: name, data: { ...data, signature_verified: false, headers: [], body } };
  // Only what the handler reads of a message is here.
  const opened = { type: name, metadata, read: () => ({ event, metadata }) } as never as OpenedEvent;
  const carried: Opened = { type: name, data: opened };
  return { record: { timestampMs: recordedMs }, event: carried, envelope: { event: carried, metadata } } as never;
}

async function handled(awaited: readonly AwaitedByTenant[], ...sent: readonly Sent[]) {
  const told: EmittedEvent[] = [];
  const dead: string[] = [];
  let keyless = 0;
  const handler = new SentEvents({
    book: new AwaitedBook({ revision: () => Promise.resolve('1'), all: () => Promise.resolve(awaited) }),
    runs: { deliver: (lists) => Promise.resolve(void told.push(...lists.flat())) },
    onKeyless: () => (keyless += 1),
  });
  const outcomes = { dead: (_message: unknown, error: Error & { code?: string }) => dead.push(error.code ?? '') };
  await handler.handleBatch({ messages: sent.map(message), allDone: () => outcomes } as never as Batch<Opened>);
  return { told, dead, keyless };
}

describe('an event that a producer sent', () => {
  it('is told by its subject where nobody says what else its key is', async () => {
    const { told } = await handled([bySubject], {});
    expect(told).toMatchObject([
      {
        name,
        key: 'user-7',
        channel: sentChannel(name, null),
        runId: '',
        causeId: 'e-1',
        expiresMs: 2_000_000 + 7 * day,
      },
    ]);
    expect(JSON.parse(told[0]?.data ?? '')).toMatchObject({ event_name: 'paid', body: { order: 7 } });
  });

  it('is told by each way in which definitions make its key, and kept as long as they ask', async () => {
    const { told } = await handled([bySubject, { ...bySubject, by: byOrder, keptMs: day }], {});
    expect(told.map(({ key, expiresMs }) => [key, expiresMs])).toEqual([
      ['user-7', 2_000_000 + 7 * day],
      ['7', 2_000_000 + day],
    ]);
    expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(2);
  });

  it('is told by the correlation of a Serverless Workflow', async () => {
    const filter = {
      with: { type: name },
      correlate: { order: { from: '${ .data.body.order }', expect: '${ .order }' } },
    };
    const document = { dsl: '1.0.0', namespace: 'spec', name: 'listening', version: '1.0.0' };
    const { form, faults } = readWorkflow(
      JSON.stringify({ document, do: [{ paid: { listen: { to: { one: filter } } } }] }),
    );
    expect(faults).toEqual([]);
    const awaited = (form === null ? [] : awaitedEventsOf(form)).map((one) => ({ ...bySubject, ...one }));
    const { told } = await handled(awaited, {});
    expect(told.map(({ key }) => key)).toEqual(['7']);
  });

  it('has the same id however often it is read', async () => {
    const { told } = await handled([bySubject], {}, {});
    expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(1);
  });

  it('is told nobody of another tenant, and not where it came before anybody could wait for it', async () => {
    const { told } = await handled([bySubject], { tenant: tenantId('other') }, { recordedMs: 900_000 });
    expect(told).toEqual([]);
  });

  it('is left where it holds nothing that would make the key, which is counted', async () => {
    const { told, dead, keyless } = await handled([{ ...bySubject, by: byOrder }], { body: '{"other":1}' });
    expect([told, dead, keyless]).toEqual([[], [], 1]);
  });

  it('is a dead letter where it is larger than a run may be told, and others are told', async () => {
    const { told, dead } = await handled([bySubject], { body: `{"x":"${'x'.repeat(70_000)}"}` }, { id: 'e-2' });
    expect([told.map(({ causeId }) => causeId), dead]).toEqual([['e-2'], ['EVENT_TOO_LARGE']]);
  });
});

describe('what is read for runs that wait', () => {
  it('is the topics of types that there are, without what runs say themselves', async () => {
    const names = [name, 'workflow.completed', 'audit.changed', 'external.not_registered_yet', 'agent.executed'];
    const awaited = names.map((one) => ({ ...bySubject, name: one }));
    const book = new AwaitedBook({ revision: () => Promise.resolve('1'), all: () => Promise.resolve(awaited) });
    await book.refresh();
    expect(book.topics()).toEqual(['agent.events', 'external.webhook']);
  });
});
