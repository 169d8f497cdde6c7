import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf, type LineLimits } from './lines.js';

const wide: LineLimits = { lineBytesMax: 1000, windowBytesMax: 10_000, windowLinesMax: 100 };

async function windowsOf(chunks: readonly string[], limits: LineLimits = wide, waiting = 0) {
  const windows: (string | undefined)[][] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const window of linesOf(stream, () => waiting, limits)) {
    windows.push(window.map((line) => line?.toString()));
  }
  return windows;
}

describe('lines', () => {
  it('are the same however the stream was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'ä', ' ', '"'), minLength: 1, maxLength: 20 })),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat(40)),
        async (lines, end, cuts) => {
          const bytes = Buffer.from(lines.map((line) => line + end).join(''));
          const chunks: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)));
          chunks.push(bytes.subarray(at));
          const seen: (string | undefined)[] = [];
          for await (const window of linesOf(Readable.from(chunks.filter(({ length }) => length > 0)), () => 0, wide)) {
            seen.push(...window.map((line) => line?.toString()));
          }
          expect(seen).toEqual(lines);
        },
      ),
    );
  });

  it('may be blank, and the last one needs no end', async () => {
    expect(await windowsOf(['a\n\n\r\nb'])).toEqual([['a'], ['b']]);
  });

  it('that are too long are passed over, and nothing of them is kept', async () => {
    const limits = { ...wide, lineBytesMax: 4 };
    expect((await windowsOf(['1234\n12345\n1', '23', '45', '6\nab'], limits)).flat()).toEqual([
      '1234',
      undefined,
      undefined,
      'ab',
    ]);
  });

  it('come in windows of a bounded number and size, and wait for more while there is more', async () => {
    expect(await windowsOf(['a\nb\nc\n'], { ...wide, windowLinesMax: 2 })).toEqual([['a', 'b'], ['c']]);
    expect(await windowsOf(['a\n', 'b\n', 'c\n'], wide, 1)).toEqual([['a', 'b', 'c']]);
    expect(await windowsOf(['aaaa\n', 'b\n', 'c\n'], { ...wide, windowBytesMax: 4 }, 1)).toEqual([
      ['aaaa'],
      ['b', 'c'],
    ]);
  });
});
