import { UndecodableRecordError, type EventMetadata } from '@chorda/contracts';
import type { DecisionCodec } from '@chorda/decisions';
import type { Aggregate } from '@chorda/domain';
import { tenantId } from '@chorda/kernel';
import type { IncomingHeaders, OutgoingRecord } from '@chorda/messaging';

export interface Add {
  readonly type: 'counter.add';
  readonly data: { readonly by: number };
}

export interface Added {
  readonly type: 'counter.added';
  readonly data: { readonly by: number; readonly total: number };
}

/** One event a command, decided on the state that those before it left: what every arm does. */
export const counter: Aggregate<{ readonly counter: number }, Add, Added> = {
  kind: 'counter',
  streams: { counter: { initialState: 0, evolve: (_, { data }) => data.total, snapshotVersion: 1 } },
  reads: () => [],
  decide({ command, subject }, states) {
    const stream = { kind: 'counter', id: subject } as const;
    const total = states.of(stream) + command.data.by;
    return { events: [{ stream, event: { type: 'counter.added', data: { by: command.data.by, total } } }] };
  },
};

/** JSON, as the other arms write it. */
export const counterCodec: DecisionCodec<Add, Added> = {
  decodeCommand({ headers, value }) {
    const text = (name: string) => textOf(headers, name) ?? fail(name);
    const id = text('ce_id');
    const context = { id, tenantId: tenantId('default'), subject: text('ce_subject'), timeMs: 0, actor: null };
    const data: Add['data'] = JSON.parse(value?.toString() ?? '{}');
    return { command: { type: 'counter.add', data }, context: { ...context, correlationId: id } };
  },
  encodeEvent: ({ type, data }, metadata) => ({
    value: Buffer.from(JSON.stringify(data)),
    headers: headersOf(type, metadata),
  }),
  decodeEvent({ headers, value }) {
    const data: Added['data'] = JSON.parse(value?.toString() ?? '{}');
    const metadata = { id: textOf(headers, 'ce_id') ?? '', source: '', subject: textOf(headers, 'ce_subject') ?? '' };
    const rest = { tenantId: tenantId('default'), timeMs: 0, correlationId: '' };
    return { event: { type: 'counter.added', data }, metadata: { ...metadata, ...rest } };
  },
  encodeWork: () => fail('work'),
  learn: () => Promise.resolve(),
};

export function commandRecord(id: string, subject: string): OutgoingRecord {
  return {
    topic: 'agent.commands',
    key: Buffer.from(`default/${subject}`),
    value: Buffer.from('{"by":1}'),
    headers: { ce_id: id, ce_type: 'counter.add', ce_subject: subject },
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

function textOf(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name];
  return Buffer.isBuffer(value) ? value.toString() : undefined;
}

function fail(name: string): never {
  throw new UndecodableRecordError('bad_header', `${name} is missing`);
}
