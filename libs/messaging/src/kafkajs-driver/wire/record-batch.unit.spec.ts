import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.js';
import { decodeRecordBatch, encodeRecordBatch, headersToWrite, packRecord, splitBatches } from './record-batch.js';

const load = createRequire(import.meta.url);
const place = { topic: 't', partition: 0 };
const identity = { producerId: 7n, producerEpoch: 1, baseSequence: 0 };
const inflatedBytesMax = 16 * 1024 * 1024;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.string({ maxLength: 20 }), bytes), { maxLength: 5 }),
  timestampMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
});
const records = fc.array(record, { minLength: 1, maxLength: 50 });
type Records = ReturnType<(typeof records)['generate']>['value'];

const toWrite = (all: Records) => all.map(({ headers, ...rest }) => packRecord({ ...rest, headers }));

describe('record batches', () => {
  it.each(['none', 'gzip', 'zstd'] as const)('come back as they were written, %s', (codec) => {
    fc.assert(
      fc.property(records, (all) => {
        const encoded = encodeRecordBatch(toWrite(all), identity, { codec, bytesMin: 0 });
        const [batch, ...others] = splitBatches(encoded);
        expect(others).toEqual([]);
        const back = decodeRecordBatch(batch!, place, 0n, inflatedBytesMax);
        expect(back.map(({ key, value, timestampMs, offset }) => ({ key, value, timestampMs, offset }))).toEqual(
          all.map(({ key, value, timestampMs }, index) => ({ key, value, timestampMs, offset: BigInt(index) })),
        );
        for (const [index, { headers }] of all.entries()) {
          for (const name of new Set(headers.map(([each]) => each))) {
            const expected = headers.filter(([each]) => each === name).map(([, value]) => value);
            const found = back[index]!.headers[Buffer.from(name).toString()];
            expect(Buffer.isBuffer(found) ? [found] : found).toEqual(expected);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are read by kafkajs as we meant them', async () => {
    const Decoder = load('kafkajs/src/protocol/decoder');
    const decode = load('kafkajs/src/protocol/recordBatch/v0/decoder');
    await fc.assert(
      fc.asyncProperty(records, async (all) => {
        const encoded = encodeRecordBatch(toWrite(all), identity, { codec: 'gzip', bytesMin: 0 });
        const { records: back } = await decode(new Decoder(encoded));
        expect(back).toHaveLength(all.length);
        for (const [index, { key, value, timestampMs }] of all.entries()) {
          expect(back[index]).toMatchObject({ key, value, timestamp: String(timestampMs), offset: String(index) });
        }
      }),
      { numRuns: 30 },
    );
  });

  it('a header may have any name, and may come twice', () => {
    const headers = headersToWrite({ ['__proto__']: 'x', twice: ['1', Buffer.from('2')] });
    const one = packRecord({ key: null, value: null, timestampMs: 1, headers });
    const [batch] = splitBatches(encodeRecordBatch([one], identity, { codec: 'none', bytesMin: 0 }));
    const [back] = decodeRecordBatch(batch!, place, 0n, inflatedBytesMax);
    expect(back!.headers['twice']).toEqual([Buffer.from('1'), Buffer.from('2')]);
  });

  it('texts of headers become UTF-8, and what they take is counted as such', () => {
    const headers = headersToWrite({ plain: 'a', accented: 'é', broken: '\ud800', long: 'ü'.repeat(200) });
    const one = packRecord({ key: Buffer.from('k'), value: Buffer.from('v'), timestampMs: 1, headers });
    const names = 'plainaccentedbrokenlong'.length;
    expect(one.contentBytes).toBe(2 + names + 1 + 2 + 3 + 400);
    const [batch] = splitBatches(encodeRecordBatch([one], identity, { codec: 'none', bytesMin: 0 }));
    const [back] = decodeRecordBatch(batch!, place, 0n, inflatedBytesMax);
    expect(String(back!.headers['accented'])).toBe('é');
    expect(String(back!.headers['broken'])).toBe('\ufffd');
    expect(String(back!.headers['long'])).toBe('ü'.repeat(200));
  });

  it('a record holds its own bytes and not the fetch', () => {
    const value = Buffer.alloc(9_000, 1);
    const all = Array.from({ length: 100 }, () => packRecord({ key: null, value, headers: [], timestampMs: 1 }));
    const fetched = encodeRecordBatch(all, identity, { codec: 'none', bytesMin: 0 });
    const [first] = decodeRecordBatch(splitBatches(fetched)[0]!, place, 0n, inflatedBytesMax);
    expect(fetched.length).toBeGreaterThan(Buffer.poolSize * 4);
    // Small ones share a slab of Node's, which is bounded.
    expect(first!.value!.buffer.byteLength).toBeLessThanOrEqual(Math.max(Buffer.poolSize, 64 * 1024));
  });

  it('a batch that was cut short by the fetch is left for the next one', () => {
    const one = packRecord({ key: null, value: Buffer.from('v'), headers: [], timestampMs: 1 });
    const whole = encodeRecordBatch([one], identity, { codec: 'none', bytesMin: 0 });
    expect(splitBatches(Buffer.concat([whole, whole.subarray(0, whole.length - 1)]))).toHaveLength(1);
  });

  it('a flipped bit fails the checksum', () => {
    const one = packRecord({ key: null, value: Buffer.from('value'), headers: [], timestampMs: 1 });
    const damaged = Buffer.from(encodeRecordBatch([one], identity, { codec: 'none', bytesMin: 0 }));
    damaged[damaged.length - 3]! ^= 1;
    const [batch] = splitBatches(damaged);
    expect(() => decodeRecordBatch(batch!, place, 0n, inflatedBytesMax)).toThrow(/checksum/);
  });

  it('the checksum is CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });
});
