import { describe, expect, it } from 'vitest';
import { eventTypes, jsonText, subjectOf, type AnyEvent, type EventEnvelope, type JsonText } from '../index.js';
import { envelopeOf, plainMetadata, someEvent } from '../testing/arbitrary-event.js';
import { asReceived } from '../testing/record.js';
import { InvalidEventError, UndecodableRecordError, WriterSchemaUnknownError } from './errors.js';
import { EventCodec } from './event-codec.js';

const codec = EventCodec.offline(7);
const executed = someEvent('agent.executed');
const envelope = envelopeOf(executed);
const good = asReceived(codec.encode(envelope));

function header(name: string, value: string | undefined): typeof good {
  return { ...good, headers: { ...good.headers, [name]: value === undefined ? undefined : Buffer.from(value) } };
}

function withValue(value: Buffer): typeof good {
  return { ...good, value };
}

describe('a record that nobody will ever read', () => {
  const urn = eventTypes['agent.executed'].dataSchema;
  it.each([
    ['no_value', { ...good, value: null }],
    ['bad_magic', withValue(Buffer.concat([Buffer.from([1]), good.value.subarray(1)]))],
    ['bad_magic', withValue(Buffer.from('{"json":true}'))],
    ['bad_magic', withValue(Buffer.alloc(0))],
    ['truncated', withValue(good.value.subarray(0, 3))],
    ['truncated', withValue(good.value.subarray(0, -1))],
    ['trailing_bytes', withValue(Buffer.concat([good.value, Buffer.from([0])]))],
    ['too_large', withValue(Buffer.concat([good.value, Buffer.alloc(1_048_577)]))],
    ['unknown_type', header('ce_type', 'agent.danced')],
    ['unknown_type', header('ce_type', 'constructor')],
    ['wrong_type', header('ce_type', 'agent.failed')],
    ['wrong_type', header('ce_dataschema', `urn:chorda:schema:agent.Danced:${'0'.repeat(64)}`)],
    ['bad_header', header('ce_dataschema', 'https://example.org/schema')],
    ['bad_header', header('ce_type', undefined)],
    ['bad_header', header('ce_id', '')],
    ['bad_header', header('ce_id', 'x'.repeat(257))],
    ['bad_header', header('ce_source', 'a\nb')],
    ['bad_header', header('ce_time', 'yesterday')],
    ['bad_header', header('ce_time', '2026-02-30T00:00:00Z')],
    ['bad_header', header('ce_tenantid', 'Default')],
    ['bad_header', header('ce_specversion', '0.3')],
    ['bad_header', header('content-type', 'application/json')],
    ['bad_header', header('ce_streamversion', '-1')],
    ['bad_header', { ...good, headers: { ...good.headers, ce_id: [Buffer.from('a'), Buffer.from('b')] } }],
    ['bad_key', { ...good, key: null }],
    ['bad_key', { ...good, key: Buffer.from(`other/${envelope.metadata.subject}`) }],
  ])('says why: %s', (reason, record) => {
    expect(() => codec.decode(record)).toThrow(UndecodableRecordError);
    expect(() => codec.decode(record)).toThrow(expect.objectContaining({ reason, retriable: false }));
    expect(urn).toMatch(/^urn:chorda:schema:agent\.Executed:[0-9a-f]{64}$/);
  });

  it('names the field that holds what its schema does not allow', () => {
    const value = Buffer.from(good.value);
    // The first byte of the payload is the length of agent_id.
    value[5] = 1;
    expect(() => codec.decode(withValue(value))).toThrow(/\/agent_id has a negative length/);
  });
});

it('sets aside a JSON field whose text is no JSON, with the field named, before anybody has to show it', () => {
  const text = '{"not": json' as JsonText;
  const event = { ...executed, data: { ...executed.data, output_data: text } } as AnyEvent;
  const record = asReceived(codec.encode(envelopeOf(event)));
  expect(() => codec.decode(record)).toThrow(/invalid_value.*\/output_data is no JSON text/);
});

it('takes a schema that is newer than itself for unknown, not for bad', () => {
  const record = header('ce_dataschema', `urn:chorda:schema:agent.Executed:${'0'.repeat(64)}`);
  expect(() => codec.decode(record)).toThrow(WriterSchemaUnknownError);
  expect(() => codec.decode(record)).toThrow(expect.objectContaining({ schemaId: 7, retriable: true }));
});

it('writes the headers of the CloudEvents Kafka binding, and those of a decision', () => {
  const decided = someEvent('agent.ready');
  const { headers, key } = codec.encode(
    envelopeOf(decided, {
      causationId: 'command-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'vendor=1',
      decision: { streamVersion: 3n, partitionSeq: 9n, epoch: 2n, commandId: 'command-1', commandOffset: 41n },
    }),
  );
  expect(headers).toEqual({
    'content-type': 'application/avro',
    ce_specversion: '1.0',
    ce_id: plainMetadata.id,
    ce_type: 'agent.ready',
    ce_source: '/tests',
    ce_time: '2026-11-21T12:00:00.007Z',
    ce_subject: subjectOf(decided),
    ce_dataschema: eventTypes['agent.ready'].dataSchema,
    ce_tenantid: 'default',
    ce_correlationid: 'request-1',
    ce_causationid: 'command-1',
    ce_streamversion: '3',
    ce_partitionseq: '9',
    ce_epoch: '2',
    ce_commandid: 'command-1',
    ce_commandoffset: '41',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'vendor=1',
  });
  expect(key.toString()).toBe(`default/${subjectOf(decided)}`);
});

it('reads the event though its trace context is nonsense', () => {
  const { metadata } = codec.decode(header('traceparent', 'nonsense'));
  expect(metadata).toEqual(envelope.metadata);
});

describe('an event that must not be written', () => {
  const broken = (data: object): EventEnvelope => {
    const event = { type: executed.type, data: { ...executed.data, ...data } } as AnyEvent;
    return { ...envelope, event };
  };

  it.each([
    ['/execution_time_ms', broken({ execution_time_ms: '5' })],
    ['/execution_time_ms', broken({ execution_time_ms: 2 ** 53 })],
    ['/status', broken({ status: 'danced' })],
    [
      '/usage/cost_usd',
      broken({ usage: { prompt_tokens: 0, cached_prompt_tokens: 0, completion_tokens: 0, cost_usd: '1e3' } }),
    ],
    ['/subject', { ...envelope, metadata: { ...envelope.metadata, subject: 'another' } }],
    ['/id', { ...envelope, metadata: { ...envelope.metadata, id: 'a\u0000b' } }],
    ['/timeMs', { ...envelope, metadata: { ...envelope.metadata, timeMs: Number.NaN } }],
    ['/decision/streamVersion', { ...envelope, metadata: { ...envelope.metadata, decision: { streamVersion: 1n } } }],
  ])('names %s', (pointer, given) => {
    expect(() => codec.encode(given)).toThrow(InvalidEventError);
    expect(() => codec.encode(given)).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ pointer })] }),
    );
  });

  it('is refused where its numbers have no JSON', () => {
    const event = someEvent('system.resource_usage');
    if (event.type !== 'system.resource_usage') throw new Error('fast-check gave another type');
    const nan = { ...event, data: { ...event.data, cpu_usage: Number.NaN } };
    expect(() => codec.encode(envelopeOf(nan))).toThrow(/\/cpu_usage is not a finite number/);
  });

  it('is refused past 1 MiB of Avro, and taken up to it', () => {
    const sized = (length: number): EventEnvelope => broken({ input_data: jsonText('x'.repeat(length)) });
    const small = codec.encode(sized(0)).value.length - 5;
    // A length of a million takes two bytes more than a length of two.
    const room = 1_048_576 - small - 2;
    expect(codec.encode(sized(room)).value.length).toBe(1_048_576 + 5);
    expect(() => codec.encode(sized(room + 1))).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }));
  });
});

it('keeps every record apart, though many lie in one piece of memory', () => {
  const records = Array.from({ length: 2000 }, (_, index) =>
    codec.encode(envelopeOf(executed, { id: `event-${index}`, timeMs: index })),
  );
  records.forEach((record, index) => {
    expect(codec.decode(asReceived(record))).toEqual(envelopeOf(executed, { id: `event-${index}`, timeMs: index }));
  });
});

it('chooses the topic of an inference request by its priority', () => {
  const event = someEvent('inference.requested');
  if (event.type !== 'inference.requested') throw new Error('fast-check gave another type');
  const topics = (['high', 'normal', 'low', 'unknown'] as const).map(
    (priority) => codec.encode(envelopeOf({ ...event, data: { ...event.data, priority } })).topic,
  );
  expect(topics).toEqual([
    'inference.requests.high',
    'inference.requests.normal',
    'inference.requests.low',
    'inference.requests.normal',
  ]);
});
