import { describe, expect, it } from 'vitest';
import { eventTypes } from '../index.js';
import type { AvroJson } from '../schema/avro.js';
import { envelopeOf, someEvent } from '../testing/arbitrary-event.js';
import { UndecodableRecordError, type UndecodableReason } from './errors.js';
import { AvroFault, compileScan, itemsMax } from './avro-scan.js';
import { EventCodec } from './event-codec.js';

/** A zigzag varint. */
function long(value: bigint): Buffer {
  const bytes: number[] = [];
  let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(zigzag)]);
}

function faultOf(scan: () => void): { reason: UndecodableReason; pointer: string } {
  try {
    scan();
  } catch (error) {
    if (error instanceof AvroFault) return { reason: error.reason, pointer: error.pointer };
    throw error;
  }
  throw new Error('The scan let it through');
}

const record = (type: AvroJson): AvroJson => ({ type: 'record', name: 'R', fields: [{ name: 'f', type }] });

describe('an Avro bomb is refused before anything is made of it', () => {
  const texts = compileScan(record({ type: 'array', items: 'string' }));
  const nulls = compileScan(record({ type: 'array', items: 'null' }));
  const flags = compileScan(record({ type: 'array', items: 'boolean' }));
  const map = compileScan(record({ type: 'map', values: 'null' }));

  it.each([
    ['2 million texts in 5 bytes', texts, Buffer.concat([long(2_000_000n), Buffer.from([0])])],
    [
      'the same with a negative count and a length',
      texts,
      Buffer.concat([long(-2_000_000n), long(1n), Buffer.from([0])]),
    ],
    ['the most items that 64 bits can say', texts, long(2n ** 63n - 1n)],
    ['the fewest', texts, Buffer.concat([long(-(2n ** 63n)), long(0n)])],
    ['2 million nothings', nulls, Buffer.concat([long(2_000_000n), long(0n)])],
    ['nothings in many blocks', nulls, Buffer.concat([...Array.from({ length: 2000 }, () => long(1000n)), long(0n)])],
    ['map entries without keys', map, Buffer.concat([long(50_000n), long(0n)])],
    [
      'more items than any event has, honestly there',
      flags,
      Buffer.concat([long(BigInt(itemsMax + 1)), Buffer.alloc(itemsMax + 1), long(0n)]),
    ],
  ])('%s', (_, scan, bytes) => {
    const startMs = performance.now();
    expect(faultOf(() => scan(bytes, 0, bytes.length))).toEqual({ reason: 'bomb', pointer: '/f' });
    expect(performance.now() - startMs).toBeLessThan(3_000);
  });

  it('a schema that refers to itself, nested without end', () => {
    const tree = compileScan({ type: 'record', name: 'T', fields: [{ name: 'next', type: ['null', 'T'] }] });
    const bytes = Buffer.alloc(100_000, 2);
    expect(faultOf(() => tree(bytes, 0, bytes.length)).reason).toBe('bomb');
  });

  it('a schema from a registry that is nested too deep to compile', () => {
    let schema: AvroJson = 'null';
    for (let depth = 0; depth < 10_000; depth += 1) schema = { type: 'array', items: schema };
    expect(() => compileScan(schema)).toThrow(/nested more than 64 deep/);
  });
});

describe('a length that lies', () => {
  const text = compileScan(record('string'));

  it('and is negative cannot move the reader back', () => {
    const bytes = Buffer.concat([long(-5n), Buffer.alloc(10)]);
    expect(faultOf(() => text(bytes, 0, bytes.length))).toEqual({ reason: 'invalid_value', pointer: '/f' });
  });

  it('and goes past the end is a truncated value', () => {
    const bytes = Buffer.concat([long(11n), Buffer.alloc(10)]);
    expect(faultOf(() => text(bytes, 0, bytes.length))).toEqual({ reason: 'truncated', pointer: '/f' });
  });

  it('and has more than ten bytes is no number', () => {
    const bytes = Buffer.alloc(20, 0xff);
    expect(faultOf(() => text(bytes, 0, bytes.length)).reason).toBe('invalid_value');
  });

  it('cannot read what lies behind the value in the same memory', () => {
    const bytes = Buffer.concat([long(5n), Buffer.from('secret')]);
    expect(faultOf(() => text(bytes, 0, 3)).reason).toBe('truncated');
  });
});

it('refuses more than 1 MiB of Avro before it looks at it', () => {
  const codec = EventCodec.offline();
  const fingerprint = Buffer.from(eventTypes['agent.executed'].schemaFingerprint, 'hex');
  const payload = Buffer.alloc(1_048_577);
  expect(() => codec.decodePayload('agent.executed', fingerprint, payload)).toThrow(/too_large/);
});

it('says of 20,000 random payloads that they are bad, and never anything else', () => {
  const codec = EventCodec.offline();
  const type = 'inference.completed';
  const fingerprint = Buffer.from(eventTypes[type].schemaFingerprint, 'hex');
  const honest = EventCodec.offline(1).encode(envelopeOf(someEvent(type)));
  let seed = 1;
  const random = (bound: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % bound;
  };
  for (let run = 0; run < 20_000; run += 1) {
    const payload = Buffer.from(honest.value.subarray(5));
    for (let change = 0; change <= run % 3; change += 1) payload[random(payload.length)] = random(256);
    try {
      codec.decodePayload(type, fingerprint, payload);
    } catch (error) {
      if (!(error instanceof UndecodableRecordError)) throw error;
    }
  }
});
