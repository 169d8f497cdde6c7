import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allEventTypes, eventTypes } from '../index.js';
import type { EventEnvelope } from '../event-type.js';
import { parseEventData } from '../payload/parse.js';
import { arbitraryEvent, envelopeOf, plainMetadata } from '../testing/arbitrary-event.js';
import { UndecodableRecordError, WriterSchemaUnknownError } from './errors.js';
import { EventCodec } from './event-codec.js';
import { MetadataOnDemand } from './metadata-on-demand.js';
import type { EncodedEvent, EncodedRecord } from './record-codec.js';

const codec = EventCodec.offline(1);
const types = allEventTypes.filter((type) => !eventTypes[type].topic.includes('{'));

/** Headers as they lie in a record. */
function rawHeadersOf(headers: readonly (readonly [string, Buffer])[]) {
  const parts = headers.flatMap(([name, value]) => [
    varint(name.length),
    Buffer.from(name),
    varint(value.length),
    value,
  ]);
  return { bytes: Buffer.concat([varint(headers.length), ...parts]), at: 0 };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function received({ topic, key, value, headers }: EncodedRecord): EncodedEvent & { readonly value: Buffer } {
  const raw = rawHeadersOf(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));
  return { topic, key: Buffer.from(key), value: Buffer.from(value), headers: {}, rawHeaders: raw };
}

function outcomeOf(read: () => EventEnvelope): unknown {
  try {
    const { event, metadata } = read();
    const { id, source, subject, tenantId, timeMs, correlationId } = metadata;
    const { causationId, traceparent, tracestate, decision } = metadata;
    const data: unknown = event.data;
    return {
      ...{ type: event.type, data, id, source, subject, tenantId, timeMs, correlationId },
      ...{ causationId, traceparent, tracestate, decision },
    };
  } catch (error) {
    if (error instanceof UndecodableRecordError) return { reason: error.reason, message: error.message };
    if (error instanceof WriterSchemaUnknownError) return { message: error.message };
    throw error;
  }
}

function expectSame(record: EncodedEvent): void {
  expect(outcomeOf(() => codec.decodeOnDemand(record))).toEqual(outcomeOf(() => codec.decode(record)));
}

const metadata = fc.record(
  {
    id: fc.oneof(fc.uuid({ version: 7 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isSound)),
    correlationId: fc.constantFrom('request-1', 'Größe', 'x'.repeat(256)),
    causationId: fc.constantFrom('cause-1', 'ü'),
    traceparent: fc.constantFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'none'),
    decision: fc.constantFrom({ streamVersion: 7n, stream: 's' }, { epoch: 1n, partitionSeq: 2n }),
  },
  { requiredKeys: [] },
);

function isSound(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return text.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f]/.test(text);
}

const anEvent = fc.constantFrom(...types).chain((type) => arbitraryEvent(type));

describe('reading on demand', () => {
  it('gives what reading at once gives, for any event', () => {
    fc.assert(
      fc.property(anEvent, metadata, (event, given) => {
        const isFact = eventTypes[event.type].kind === 'fact';
        const { decision, ...rest } = given;
        expectSame(received(codec.encode(envelopeOf(event, isFact || !decision ? rest : given))));
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it('finds what is wrong with a record at once, and says the same of it', () => {
    const change = fc.record({
      part: fc.constantFrom('key', 'value', 'headers'),
      at: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(anEvent, change, (event, { part, at, byte }) => {
        const record = received(codec.encode(envelopeOf(event)));
        const bytes = part === 'key' ? record.key : part === 'value' ? record.value : record.rawHeaders?.bytes;
        if (bytes) bytes[at % bytes.length] = byte;
        expectSame(record);
      }),
      { numRuns: 2_000 },
    );
  }, 60_000);

  it('leaves out no check of what is not asked for: a text that is no JSON, another subject in the payload', () => {
    const json = {
      agent_id: 'a',
      execution_id: 'e',
      input_data: {},
      output_data: null,
      execution_time_ms: 1,
      status: 'completed',
    };
    const parsed = parseEventData('agent.executed', json);
    if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
    const { event } = parsed;
    const record = received(codec.encode({ event, metadata: { ...plainMetadata, subject: 'a' } }));
    const broken = Buffer.from(record.value);
    broken.write('{]', record.value.indexOf('{}'));
    expect(outcomeOf(() => codec.decodeOnDemand({ ...record, value: broken }))).toEqual({
      reason: 'invalid_value',
      message: expect.stringContaining('/input_data is no JSON text'),
    });
    const other = Buffer.from(record.value);
    other.write('b', other.indexOf('a', 5));
    expect(outcomeOf(() => codec.decodeOnDemand({ ...record, value: other }))).toMatchObject({ reason: 'bad_key' });
  });

  it('makes no id that nobody asks for', () => {
    const record = received(codec.encode(envelopeOf(fc.sample(arbitraryEvent('agent.executed'), 1)[0]!)));
    expect(codec.decodeOnDemand(record).metadata).toBeInstanceOf(MetadataOnDemand);
  });
});
