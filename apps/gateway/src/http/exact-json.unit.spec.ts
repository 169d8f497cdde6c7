import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDepthMax, parseExactJson } from './exact-json.js';
import { Problem } from './problem.js';

const parse = (text: string) => parseExactJson(Buffer.from(text));

describe('a JSON body', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 10 }), (text) => {
        expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it.each([
    '12345678901234567890',
    '-9007199254740993',
    '[1,{"a":100000000000000000001}]',
    '0.1000000000000000055',
    '0.1234567890123456789',
    '1e-400',
    '1.00000000000000000001e+5',
  ])('keeps the number %s exact', (text) => {
    expect(JSON.stringify(parse(text))).toBe(text);
  });

  it.each([
    '1.5e3',
    '0.1',
    '"12345678901234567890"',
    '1e21',
    '100000000000000000000',
    '1.0000000000000000000',
    '0.00000000000000000e5',
    '9007199254740991',
    '0.30000000000000004',
    '5e-324',
    '-0.0000000000000000',
  ])('takes %s as it is', (text) => {
    expect(parse(text)).toBe(JSON.parse(text));
  });

  it('is not fooled by quotes and brackets inside strings', () => {
    const text = JSON.stringify({ a: '\\"[[[[', b: '\\', c: '["' });
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it(`may be nested ${jsonDepthMax} levels`, () => {
    expect(() => parse('['.repeat(jsonDepthMax) + ']'.repeat(jsonDepthMax))).not.toThrow();
  });

  it.each([
    ['deeper nesting', '['.repeat(100_000)],
    ['a number beyond a double', '{"a":1e400}'],
    ['nothing', ''],
    ['cut text', '{"a":'],
    ['a word', 'undefined'],
    ['an open string', '"abc\\"'],
  ])('is refused for %s', (_name, text) => {
    expect(() => parse(text)).toThrow(Problem);
  });

  it('is refused where it is not UTF-8, since replacing bytes would change what was sent', () => {
    expect(() => parseExactJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(Problem);
  });

  it('is refused without repeating it', () => {
    expect(() => parse('{"secret":"hunter2",}')).toThrow(/^((?!hunter2).)*$/);
  });
});

describe('a JSON body of hostile shape', () => {
  it.each([
    ['{"a":1,"a":2}', '/a'],
    ['[{"data":{"x":{},"x":{}}}]', '/0/data/x'],
    ['[1,{"b":[{"c":1,"\\u0063":2}]}]', '/1/b/0/c'],
    ['{"a/b":1,"x":{"a":1},"a/b":2}', '/a~1b'],
    ['{"__proto__":1,"__proto__":2}', '/__proto__'],
    ['{"a":12345678901234567890,"a":1}', '/a'],
  ])('%s is refused with the place of the name that came twice', (text, pointer) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_JSON', details: { issues: [{ pointer, detail: expect.any(String) }] } }),
    );
  });

  it('may use one name in several objects, and colons, commas and quotes in texts', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(() => parse(`[${text},${text},{"a:,":":","b":"\\"a\\":"}]`)).not.toThrow();
      }),
    );
  });

  it('is refused for more members than an object may have, and more items than a batch, before it is built', () => {
    const members = Array.from({ length: 10_001 }, (_, index) => `"k${index}":0`).join(',');
    expect(() => parse(`{${members}}`)).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }));
    expect(() => parseExactJson(Buffer.from('[0,0,0]'), { itemsMax: 2 })).toThrow(/at most 2 events; this one has 3/);
    expect(() => parseExactJson(Buffer.from('[0,[0,0,0]]'), { itemsMax: 2 })).not.toThrow();
  });

  it.each(['}'.repeat(100_000), ']:,{', '{"a":1}}', ':::'])('%#: closing what was not open is no JSON', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_JSON' }));
  });
});
