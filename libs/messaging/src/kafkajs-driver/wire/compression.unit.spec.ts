import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { codecs, inflate } from './compression.js';

const mebibyte = 1024 * 1024;
const zeros = Buffer.alloc(64 * mebibyte);

describe('inflation is bounded', () => {
  it.each([
    ['gzip', codecs.gzip, gzipSync(zeros)],
    ['zstd', codecs.zstd, zstdCompressSync(zeros)],
  ] as const)('a %s bomb ends at the bound, in time and memory', (name, codec, bomb) => {
    expect(bomb.length).toBeLessThan(mebibyte);
    const before = process.memoryUsage().arrayBuffers;
    const startedMs = performance.now();
    expect(() => inflate(codec, bomb, mebibyte)).toThrow(`a ${name} batch inflates to more than ${mebibyte} bytes`);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * mebibyte);
  });

  it('what fits comes back whole', () => {
    const text = Buffer.from('text '.repeat(1000));
    expect(inflate(codecs.zstd, zstdCompressSync(text), text.length)).toEqual(text);
    expect(inflate(codecs.gzip, gzipSync(text), text.length)).toEqual(text);
  });

  it('a codec that Node does not have is named, with what to do', () => {
    expect(() => inflate(codecs.lz4, Buffer.alloc(4), 10)).toThrow(/codec lz4 .* compression\.type=zstd/);
    expect(() => inflate(codecs.snappy, Buffer.alloc(4), 10)).toThrow(/codec snappy/);
  });

  it('broken bytes are an error with a reason', () => {
    expect(() => inflate(codecs.zstd, Buffer.from('not zstd'), 100)).toThrow(/zstd batch is broken/);
  });
});
