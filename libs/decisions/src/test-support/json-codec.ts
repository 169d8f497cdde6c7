import { UndecodableRecordError, type EventMetadata } from '@chorda/contracts';
import type { Typed } from '@chorda/domain';
import { tenantId } from '@chorda/kernel';
import type { IncomingHeaders, OutgoingRecord } from '@chorda/messaging';
import type { CommandContext, DecisionCodec, EncodedBody } from '../decision-codec.js';

/** Commands, events and work as JSON: the engine's specs need no schema of the catalogue. */
export function jsonCodec<Command extends Typed, Event extends Typed>(): DecisionCodec<Command, Event> {
  return {
    decodeCommand({ headers, value }) {
      const text = (name: string) => textOf(headers, name);
      const id = text('ce_id');
      if (id === undefined) throw new UndecodableRecordError('bad_header', 'ce_id is missing');
      const context: CommandContext = {
        id,
        tenantId: tenantId(text('ce_tenantid') ?? 'default'),
        subject: text('ce_subject') ?? '',
        timeMs: Number(text('ce_time')),
        actor: null,
        correlationId: text('ce_correlationid') ?? id,
      };
      return { command: { type: text('ce_type'), data: read(value) } as Command, context };
    },
    encodeEvent: encode,
    decodeEvent: ({ headers, value }) => ({
      event: { type: textOf(headers, 'ce_type'), data: read(value) } as Event,
      metadata: metadataIn(headers),
    }),
    encodeWork: ({ work }, metadata) => encode(work, metadata),
    learn: () => Promise.resolve(),
  };
}

function encode({ type, data }: Typed, metadata: EventMetadata): EncodedBody {
  const { decision = {} } = metadata;
  const headers = {
    ...{ ce_id: metadata.id, ce_type: type, ce_source: metadata.source, ce_time: String(metadata.timeMs) },
    ...{ ce_subject: metadata.subject, ce_tenantid: metadata.tenantId, ce_correlationid: metadata.correlationId },
    ce_causationid: metadata.causationId,
    ce_streamversion: decision.streamVersion?.toString(),
    ce_stream: decision.stream,
    ce_partitionseq: decision.partitionSeq?.toString(),
    ce_epoch: decision.epoch?.toString(),
    ce_commandid: decision.commandId,
    ce_commandoffset: decision.commandOffset?.toString(),
  };
  const present = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { value: Buffer.from(JSON.stringify(data)), headers: Object.fromEntries(present) as Record<string, string> };
}

export function metadataIn(headers: IncomingHeaders): EventMetadata {
  const text = (name: string) => textOf(headers, name);
  const counter = (name: string) => {
    const value = text(name);
    return value === undefined ? undefined : BigInt(value);
  };
  const streamVersion = counter('ce_streamversion');
  const stream = text('ce_stream');
  const partitionSeq = counter('ce_partitionseq');
  const epoch = counter('ce_epoch');
  const commandId = text('ce_commandid');
  const commandOffset = counter('ce_commandoffset');
  return {
    ...{ id: text('ce_id') ?? '', source: text('ce_source') ?? '', subject: text('ce_subject') ?? '' },
    ...{ tenantId: tenantId(text('ce_tenantid') ?? 'default'), timeMs: Number(text('ce_time')) },
    correlationId: text('ce_correlationid') ?? '',
    decision: {
      ...(streamVersion !== undefined && { streamVersion }),
      ...(stream !== undefined && { stream }),
      ...(partitionSeq !== undefined && { partitionSeq }),
      ...(epoch !== undefined && { epoch }),
      ...(commandId !== undefined && { commandId }),
      ...(commandOffset !== undefined && { commandOffset }),
    },
  };
}

/** A command as its sender writes it. */
export function commandRecord(
  topic: string,
  { type, data }: Typed,
  context: { readonly id: string; readonly subject: string; readonly tenantId?: string; readonly timeMs?: number },
): OutgoingRecord {
  const { id, subject, tenantId: tenant = 'default', timeMs = Date.now() } = context;
  return {
    topic,
    key: Buffer.from(`${tenant}/${subject}`),
    value: Buffer.from(JSON.stringify(data)),
    headers: {
      ...{ ce_id: id, ce_type: type, ce_subject: subject, ce_tenantid: tenant, ce_time: String(timeMs) },
      ce_correlationid: `story-of-${subject}`,
    },
  };
}

function textOf(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name];
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}

function read(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '');
  } catch (error) {
    throw new UndecodableRecordError('invalid_value', 'is no JSON', { cause: error });
  }
}
