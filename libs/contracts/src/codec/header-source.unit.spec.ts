import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UndecodableRecordError } from './errors.js';
import {
  CutHeaders,
  HeaderIndex,
  headerNames,
  type HeaderName,
  type HeaderSource,
  type RecordHeaders,
} from './header-source.js';

type Pairs = readonly (readonly [name: string, value: Buffer])[];

const value = fc.oneof(
  fc.constantFrom('', 'application/avro', 'default', 'agent.executed', 'agent.failed').map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
const name = fc.oneof(fc.constantFrom(...headerNames), fc.string({ maxLength: 20 }), fc.constant('__proto__'));
const headers = fc.array(fc.tuple(name, value), { maxLength: 25 });

describe('reading headers where they lie', () => {
  it('gives what cutting them out gives, record after record through one index', () => {
    const index = new HeaderIndex();
    fc.assert(
      fc.property(fc.array(headers, { minLength: 1, maxLength: 8 }), (records) => {
        for (const pairs of records) {
          const cut = answersOf(new CutHeaders(cutOut(pairs)));
          expect(answersOf(index.read(rawOf(pairs)))).toEqual(cut);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('tells texts apart that differ in one byte, anywhere', () => {
    const index = new HeaderIndex();
    const text = 'urn:chorda:schema:agent.Executed:0123456789abcdef';
    const read = (source: string) => index.read(rawOf([['ce_dataschema', Buffer.from(source)]])).only('ce_dataschema');
    expect(read(text)).toBe(text);
    for (let at = 0; at < text.length; at++) {
      const other = `${text.slice(0, at)}X${text.slice(at + 1)}`;
      expect(read(other)).toBe(other);
      expect(read(text)).toBe(text);
    }
  });

  it('refuses lengths that do not hold', () => {
    const { bytes } = rawOf([
      ['ce_id', Buffer.from('an-id')],
      ['ce_source', Buffer.alloc(200, 1)],
    ]);
    for (let length = 3; length < bytes.length; length++) {
      const cut = () => new HeaderIndex().read({ bytes: bytes.subarray(0, length), at: 3 });
      expect(cut).toThrow(UndecodableRecordError);
    }
  });
});

function answersOf(source: HeaderSource) {
  const ask = (question: () => unknown) => {
    try {
      return question();
    } catch (error) {
      return error instanceof UndecodableRecordError ? error.message : error;
    }
  };
  return headerNames.map((each: HeaderName) => [
    ask(() => source.only(each)),
    ask(() => source.last(each)),
    source.is(each, Buffer.from('application/avro')),
  ]);
}

function cutOut(pairs: Pairs): RecordHeaders {
  const names = [...new Set(pairs.map(([each]) => each))];
  return Object.fromEntries(
    names.map((name) => {
      const values = pairs.filter(([each]) => each === name).map(([, each]) => each);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

/** As a record of Kafka's format 2 has them, behind some bytes of its own. */
function rawOf(pairs: Pairs) {
  const parts = [Buffer.from([1, 2, 3]), varint(pairs.length)];
  for (const [name, bytes] of pairs) {
    parts.push(varint(Buffer.byteLength(name)), Buffer.from(name), varint(bytes.length), bytes);
  }
  return { bytes: Buffer.concat(parts), at: 3 };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
