import { UndecodableRecordError, type EventMetadata } from '@chorda/contracts';
import type { DecisionCodec } from '@chorda/decisions';
import type { Aggregate } from '@chorda/domain';
import { tenantId } from '@chorda/kernel';
import type { IncomingHeaders, OutgoingRecord } from '@chorda/messaging';

export interface Add {
  readonly type: 'counter.add';
  readonly data: { readonly by: number };
}

/** Sets timers that are due at these times: milliseconds since the Unix epoch. */
export interface Remind {
  readonly type: 'counter.remind';
  readonly data: { readonly atMs: readonly number[] };
}

export interface Ring {
  readonly type: 'counter.ring';
  readonly data: { readonly timer: string };
}

export interface Added {
  readonly type: 'counter.added';
  readonly data: { readonly by: number; readonly total: number };
}

export interface Reminded {
  readonly type: 'counter.reminded';
  readonly data: { readonly atMs: readonly number[] };
}

export interface Rung {
  readonly type: 'counter.rung';
  readonly data: { readonly timer: string; readonly dueMs: number };
}

export type CounterCommand = Add | Remind | Ring;
export type CounterEvent = Added | Reminded | Rung;

interface Counter {
  readonly total: number;
  readonly pending: ReadonlyMap<string, number>;
}

/** One event a command, decided on the state that those before it left: what every arm does. */
export const counter: Aggregate<{ readonly counter: Counter }, CounterCommand, CounterEvent> = {
  kind: 'counter',
  streams: {
    counter: {
      initialState: { total: 0, pending: new Map() },
      evolve,
      timers: ({ pending }) => [...pending].map(([id, dueMs]) => ({ id, dueMs })),
      snapshotVersion: 1,
    },
  },
  reads: () => [],
  decide({ command, subject }, states) {
    const stream = { kind: 'counter', id: subject } as const;
    const event = decide(command, states.of(stream));
    return { events: event ? [{ stream, event }] : [] };
  },
  due: (_stream, { id }) => ({ type: 'counter.ring', data: { timer: id } }),
};

function decide(command: CounterCommand, { total, pending }: Counter): CounterEvent | undefined {
  switch (command.type) {
    case 'counter.add':
      return { type: 'counter.added', data: { by: command.data.by, total: total + command.data.by } };
    case 'counter.remind':
      return { type: 'counter.reminded', data: command.data };
    case 'counter.ring': {
      const { timer } = command.data;
      const dueMs = pending.get(timer);
      return dueMs === undefined ? undefined : { type: 'counter.rung', data: { timer, dueMs } };
    }
  }
}

function evolve(state: Counter, event: CounterEvent): Counter {
  switch (event.type) {
    case 'counter.added':
      return { ...state, total: event.data.total };
    case 'counter.reminded':
      return { ...state, pending: new Map(event.data.atMs.map((atMs, index) => [`t-${index}`, atMs])) };
    case 'counter.rung': {
      const pending = new Map(state.pending);
      pending.delete(event.data.timer);
      return { ...state, pending };
    }
  }
}

/** JSON, as the other arms write it. */
export const counterCodec: DecisionCodec<CounterCommand, CounterEvent> = {
  decodeCommand({ headers, value }) {
    const text = (name: string) => textOf(headers, name) ?? fail(name);
    const id = text('ce_id');
    const context = { id, tenantId: tenantId('default'), subject: text('ce_subject'), timeMs: 0, actor: null };
    const data: unknown = JSON.parse(value?.toString() ?? '{}');
    const command = { type: text('ce_type'), data } as CounterCommand;
    return { command, context: { ...context, correlationId: id } };
  },
  encodeEvent: ({ type, data }, metadata) => ({
    value: Buffer.from(JSON.stringify(data)),
    headers: headersOf(type, metadata),
  }),
  decodeEvent({ headers, value }) {
    const data: unknown = JSON.parse(value?.toString() ?? '{}');
    const metadata = { id: textOf(headers, 'ce_id') ?? '', source: '', subject: textOf(headers, 'ce_subject') ?? '' };
    const rest = { tenantId: tenantId('default'), timeMs: 0, correlationId: '' };
    const event = { type: textOf(headers, 'ce_type'), data } as CounterEvent;
    return { event, metadata: { ...metadata, ...rest } };
  },
  encodeWork: () => fail('work'),
  learn: () => Promise.resolve(),
};

export function commandRecord(
  id: string,
  subject: string,
  command: CounterCommand = { type: 'counter.add', data: { by: 1 } },
): OutgoingRecord {
  return {
    topic: 'agent.commands',
    key: Buffer.from(`default/${subject}`),
    value: Buffer.from(JSON.stringify(command.data)),
    headers: { ce_id: id, ce_type: command.type, ce_subject: subject },
  };
}

function headersOf(type: string, { id, source, subject, timeMs, decision }: EventMetadata): Record<string, string> {
  return {
    ...{ ce_id: id, ce_type: type, ce_source: source, ce_subject: subject, ce_time: String(timeMs) },
    ce_streamversion: String(decision?.streamVersion ?? ''),
    ce_partitionseq: String(decision?.partitionSeq ?? ''),
    ce_epoch: String(decision?.epoch ?? ''),
    ce_commandid: decision?.commandId ?? '',
  };
}

export function textOf(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name];
  return Buffer.isBuffer(value) ? value.toString() : undefined;
}

function fail(name: string): never {
  throw new UndecodableRecordError('bad_header', `${name} is missing`);
}
