import type { OpenedEvent } from '@chorda/contracts';
import { tenantId } from '@chorda/kernel';
import type { Batch } from '@chorda/messaging';
import type { EmittedEvent, EventWait, FoundWait } from '@chorda/read-models';
import { describe, expect, it } from 'vitest';
import type { Opened } from '../routing/opened-events.js';
import type { CommandGiver } from '../steps/command-giver.js';
import { RunEvents, type RunEventCame, type RunEventsParts } from './run-events.js';

type Tables = RunEventsParts['stored'];
type Given = Parameters<CommandGiver['give']>;

const acme = tenantId('acme');

/** The tables, in memory: what one run waits for by a name and key is one wait. */
class Stored implements Tables {
  readonly waits = new Map<string, EventWait>();
  readonly events: EmittedEvent[] = [];
  readonly woken = new Set<string>();

  addWaits(waits: readonly EventWait[]): Promise<void> {
    for (const wait of waits) this.waits.set(`${wait.runId} ${wait.name} ${wait.key}`, wait);
    return Promise.resolve();
  }

  keep(events: readonly EmittedEvent[]): Promise<void> {
    const known = new Set(this.events.map(({ eventId }) => eventId));
    this.events.push(...events.filter(({ eventId, expiresMs }) => expiresMs !== null && !known.has(eventId)));
    return Promise.resolve();
  }

  waitsFor({ name, key, runId }: EmittedEvent, last: FoundWait | undefined): Promise<readonly FoundWait[]> {
    const found = [...this.waits.values()].filter((wait) => wait.runId !== runId && isFor(wait, name, key));
    return Promise.resolve(last ? [] : found.map((wait) => ({ ...wait, keyDigest: wait.key ?? '*' })));
  }

  saidBefore(wait: EventWait, last: EmittedEvent | undefined): Promise<readonly EmittedEvent[]> {
    const { runId } = wait;
    const isNew = (event: EmittedEvent) => event.runId !== runId && !this.woken.has(`${event.eventId} ${runId}`);
    return Promise.resolve(
      last ? [] : this.events.filter((event) => isFor(wait, event.name, event.key) && isNew(event)),
    );
  }

  taken({ eventId }: EmittedEvent, runId: string): Promise<void> {
    this.woken.add(`${eventId} ${runId}`);
    return Promise.resolve();
  }

  endWait(_tenant: unknown, { runId }: { readonly runId: string }): Promise<void> {
    return this.endWaitsOf([{ runId }]);
  }

  endWaitsOf(runs: readonly { readonly runId: string }[]): Promise<void> {
    const ids = new Set(runs.map(({ runId }) => runId));
    for (const [at, { runId }] of this.waits) if (ids.has(runId)) this.waits.delete(at);
    return Promise.resolve();
  }

  clean = () => Promise.resolve(0);
}

const isFor = (wait: EventWait, name: string, key: string | null) =>
  wait.name === name && (wait.key === null || wait.key === key);

/** Runs that take the first signal that they wait for, and each signal once. */
class Runs {
  readonly given: Given[] = [];
  readonly took = new Map<string, string[]>();
  /** Of the runs that no longer wait. */
  private readonly over = new Set<string>();

  give = (...[command, by]: Given): ReturnType<CommandGiver['give']> => {
    this.given.push([command, by]);
    if (command.type !== 'workflow.signal') throw new TypeError(command.type);
    const { workflow_id: run, signal_id: signal } = command.data;
    const known = this.took.get(run) ?? [];
    const isTaken = !this.over.has(run) && !known.includes(signal);
    if (isTaken) this.took.set(run, [...known, signal]);
    return Promise.resolve({
      kind: 'decided',
      outcome: { status: 'accepted', answer: { taken: isTaken, awaited: !this.over.has(run) } },
    } as never);
  };

  end(run: string): void {
    this.over.add(run);
  }
}

function ground() {
  const stored = new Stored();
  const runs = new Runs();
  const came: RunEventCame[] = [];
  const onCame = (what: RunEventCame, count: number) => came.push(...Array<RunEventCame>(count).fill(what));
  return { stored, runs, came, events: new RunEvents({ stored, workflows: runs, onCame }) };
}

let made = 0;
function opened(type: string, runId: string, data: object): OpenedEvent {
  made += 1;
  const metadata = { id: `e-${made}`, subject: runId, tenantId: acme, timeMs: 1_000 + made, correlationId: 'c-1' };
  // Only what the handler reads of an event is here.
  return {
    type,
    metadata,
    read: () => ({ event: { type, data: { workflow_id: runId, ...data } }, metadata }),
  } as never;
}

const waits = (runId: string, key: string | null) =>
  opened('workflow.step_scheduled', runId, {
    ...{ waits_for: JSON.stringify({ event: 'paid', key }), deadline_at: null, give_up_at: null },
  });
const says = (runId: string, key: string | null, expires_at: number | null = 9_000_000) =>
  opened('workflow.event_emitted', runId, { event_name: 'paid', event_key: key, event_data: '{"of":7}', expires_at });

function batchOf(...events: readonly OpenedEvent[]): Batch<Opened> {
  const messages = events.map((data) => ({ event: { type: data.type, data } }));
  return { messages, signal: new AbortController().signal } as never;
}

describe('what a run says to others', () => {
  it('is heard by each run that waits for it by its key, and by no other nor itself', async () => {
    const { runs, came, events } = ground();
    await events.handle(batchOf(waits('a', '7'), waits('b', '7'), waits('c', '8'), waits('d', null), waits('p', '7')));
    await events.handle(batchOf(says('p', '7')));
    expect([...runs.took.keys()].toSorted()).toEqual(['a', 'b', 'd']);
    expect(came).toEqual(['woken', 'woken', 'woken']);
  });

  it('is heard by a run that begins to wait later, and that nobody waited for then', async () => {
    const { runs, events } = ground();
    await events.handle(batchOf(says('p', '7')));
    expect(runs.given).toEqual([]);
    await events.handle(batchOf(waits('late', '7')));
    expect(runs.took.get('late')).toHaveLength(1);
  });

  it('is not kept for later where it is said to be for those alone who wait', async () => {
    const { runs, events } = ground();
    await events.handle(batchOf(says('p', '7', null)));
    await events.handle(batchOf(waits('late', '7')));
    expect(runs.given).toEqual([]);
  });

  it('counts once for a run, however often its batch is read: signal and command have the names of event and wait', async () => {
    const { runs, stored, events } = ground();
    const wait = batchOf(waits('a', '7'));
    const said = batchOf(says('p', '7'));
    await events.handle(wait);
    await events.handle(said);
    // Whoever told it was killed before it wrote down that it had.
    stored.woken.clear();
    await events.handle(said);
    await events.handle(wait);
    expect(runs.given.length).toBeGreaterThan(1);
    expect(new Set(runs.given.map(([, { commandId }]) => commandId)).size).toBe(1);
    expect(runs.took.get('a')).toHaveLength(1);
  });

  it('is told no more to a run that waits no more', async () => {
    const { runs, stored, came, events } = ground();
    await events.handle(batchOf(waits('a', '7')));
    runs.end('a');
    await events.handle(batchOf(says('p', '7')));
    expect(came).toContain('late');
    expect(stored.waits.size).toBe(0);
    await events.handle(batchOf(says('p', '7')));
    expect(runs.given).toHaveLength(1);
  });

  it('is nothing to a run that has ended in the same batch', async () => {
    const { runs, stored, events } = ground();
    await events.handle(batchOf(waits('a', '7'), opened('workflow.completed', 'a', {})));
    expect(stored.waits.size).toBe(0);
    await events.handle(batchOf(says('p', '7')));
    expect(runs.given).toEqual([]);
  });
});
