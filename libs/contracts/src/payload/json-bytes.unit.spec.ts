import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonAt } from './json-bytes.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function check(bytes: Buffer): void {
  const framed = Buffer.concat([Buffer.from('x"'), bytes, Buffer.from('"}')]);
  expect(isJsonAt(framed, 2, 2 + bytes.length), bytes.toString()).toBe(isJson(bytes.toString()));
}

describe('bytes are JSON where the parser of the engine says so', () => {
  it.each([
    ...['{}', '[]', '[[]]', '[{}]', '{"a":[]}', '{"a":{}}', '[1,2]', ' [ 1 , { "a" : null } ] ', '""', '"\\u00e9\\n"'],
    ...[
      '0',
      '-0',
      '01',
      '-',
      '1.',
      '1.5',
      '.5',
      '1e5',
      '1e',
      '1E+7',
      '1e-',
      '+1',
      'NaN',
      'tru',
      'true',
      'truex',
      'null',
    ],
    ...[
      '',
      ' ',
      '[',
      ']',
      '[1',
      '[1,',
      '[1,]',
      '[,1]',
      '[1 2]',
      '[1]]',
      '{',
      '}',
      '{]',
      '[}',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
    ],
    ...[
      '{a:1}',
      "{'a':1}",
      '{"a":1 "b":2}',
      '{"a":1}{"b":2}',
      '[1],',
      '"',
      '"\\"',
      '"\\x"',
      '"\\u12g4"',
      '"a\nb"',
      '"\u00a0"',
    ],
    ...[
      '\u00a01',
      '\ufeff1',
      '[[[[1]]]]',
      '{"a":[1,{"b":[]}]}',
      '[{"a":1},{"b":[2]}]',
      '1 2',
      '[1,,2]',
      '"\ud83d\ude00"',
    ],
  ])('%j', (text) => check(Buffer.from(text)));

  it('however deep', () => {
    for (const depth of [30, 31, 32, 33, 1_000]) {
      check(Buffer.from('['.repeat(depth) + ']'.repeat(depth)));
      check(Buffer.from('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)));
      check(Buffer.from('['.repeat(depth) + ']'.repeat(depth - 1) + '}'));
    }
  });

  it('for any value, with any spaces, and with any one of its bytes changed', () => {
    const spaces = fc.constantFrom(0, 1, '\t', ' \n');
    const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.jsonValue(), spaces, fc.option(change), (value, space, changed) => {
        const bytes = Buffer.from(JSON.stringify(value, undefined, space));
        if (changed) bytes[changed.at % bytes.length] = changed.byte;
        check(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it('for any few characters that JSON is made of', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'{}[],:"\\u0123eE+-. \ntrufalsn'.split('')), maxLength: 12 });
    fc.assert(
      fc.property(soup, (text) => check(Buffer.from(text))),
      { numRuns: 5_000 },
    );
  });
});
