import { ExpressionError } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { expressions } from './expressions.js';

const scope = {
  input: { order: { id: 'o-1', total: 10, price: 2.5, tags: ['a', 'b'] }, constructor: 'own' },
  steps: { charge: { status: 'completed', output: { amount: 10 }, error: null } },
};
const cel = (text: string) => expressions.evaluate({ language: 'cel', text }, scope);
const jq = (text: string, input: JsonValue = null, names: { readonly [name: string]: JsonValue } = {}) =>
  expressions.evaluate({ language: 'jq', text: `.it | (${text})` }, { ...names, it: input });

describe('CEL', () => {
  it.each<[string, JsonValue]>([
    ['input.order.total + 1', 11],
    ['input.order.price * 2', 5],
    ['input.order.total * 1.5', 15],
    ['input.order.total > input.order.price', true],
    ['input.order.tags.map(t, t + "!")', ['a!', 'b!']],
    ['{"id": input.order.id, "n": size(input.order.tags)}', { id: 'o-1', n: 2 }],
    ['has(input.order.missing) ? 1 : 2', 2],
    ['input.constructor', 'own'],
    ['has(input.toString)', false],
    ['steps.charge.output', { amount: 10 }],
    ['input.order.id.matches("^o-[0-9]+$")', true],
    ['duration("90s")', 90_000],
    ['timestamp("2026-01-01T00:00:00Z") + duration("1h")', '2026-01-01T01:00:00.000Z'],
    ['input.order == {"id": "o-1", "total": 10, "price": 2.5, "tags": ["a", "b"]}', true],
    ['input', scope.input],
  ])('%s', (text, value) => {
    expect(cel(text)).toEqual(value);
  });

  it.each([
    ['input.order.missing', /missing/],
    ['input.order.', /CEL/],
    ['1 / 0', /zero/],
    ['9007199254740993', /exactly/],
    ['"x" + 1', /overload/],
    [`${'('.repeat(40)}1${')'.repeat(40)}`, /brackets/],
    ['', /empty/],
    ['x'.repeat(5000), /characters/],
  ])('refuses %s', (text, why) => {
    expect(() => cel(text)).toThrow(ExpressionError);
    expect(() => cel(text)).toThrow(why);
  });

  it.each([
    '[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, [1,2,3,4,5,6,7,8,9,10].map(c, [1,2,3,4,5,6,7,8,9,10].map(d, [1,2,3,4,5,6,7,8,9,10].map(e, a)))))',
    '[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, true))))) || true',
  ])('ends what costs too much: %s', (text) => {
    expect(() => cel(text)).toThrow(/costs more/);
  });
});

describe('jq', () => {
  it.each<[string, JsonValue, JsonValue]>([
    ['.colors + ["red"]', {}, ['red']],
    ['"Hello \\(.user.first) \\(.n)!"', { user: { first: 'John' }, n: 1 }, 'Hello John 1!'],
    ['.[0]', [7, 8], 7],
    ['.[-1]', [7, 8], 8],
    ['.a.b.c', {}, null],
    ['. | length', [1, 2], 2],
    ['.color == "red"', { color: 'red' }, true],
    ['{ids: [1, .id], "x y": .id, (.k): 1, id}', { id: 2, k: 'dyn' }, { ids: [1, 2], 'x y': 2, dyn: 1, id: 2 }],
    ['.x // "d"', { x: null }, 'd'],
    ['[.[] | select(. > 1) | . * 2]', [1, 2, 3], [4, 6]],
    ['if .a then 1 elif .b then 2 else 3 end', { b: true }, 2],
    ['reduce .[] as $x (0; . + $x)', [1, 2, 3], 6],
    ['. as [$a, {b: $c}] | $a + $c', [1, { b: 2 }], 3],
    ['try error("x") catch .', null, 'x'],
    ['[.[]?]', 3, []],
    ['@base64 "v=\\(.)"', 'hi', 'v=aGk='],
    ['to_entries', { a: 1 }, [{ key: 'a', value: 1 }]],
    ['with_entries(.value += 1)', { a: 1 }, { a: 2 }],
    ['.a.b |= . + 1', { a: { b: 1 } }, { a: { b: 2 } }],
    ['.a = 3 | .l[2] = 1', {}, { a: 3, l: [null, null, 1] }],
    ['del(.[0, 2])', [1, 2, 3], [2]],
    ['group_by(.k) | map(length)', [{ k: 1 }, { k: 2 }, { k: 1 }], [2, 1]],
    ['sort_by(-.n) | map(.n)', [{ n: 1 }, { n: 3 }], [3, 1]],
    ['[.. | numbers]', [1, [2]], [1, 2]],
    ['.[2:4]', 'abcdef', 'cd'],
    ['1 + 2 * 3 - 4 / 2 % 3', null, 5],
    ['[1,2] - [2] + [5]', null, [1, 5]],
    ['{a: {b: 1}} * {a: {c: 2}}', null, { a: { b: 1, c: 2 } }],
    ['true and false or (null | not)', null, true],
    ['[limit(2; range(10))]', null, [0, 1]],
    ['"a,b" / "," | join("-")', null, 'a-b'],
    ['.["constructor"]', {}, null],
    ['{"__proto__": 1} | .a', {}, null],
    ['test("^a+$")', 'aaa', true],
    ['empty', 1, null],
  ])('%s of %j', (text, input, output) => {
    expect(jq(text, input)).toEqual(output);
  });

  it('sees the scope as . and its names as variables', () => {
    expect(jq('. + [$item, $index]', ['x'], { item: 'i', index: 3 })).toEqual(['x', 'i', 3]);
  });

  it.each([
    ['def f: f; f', /def/],
    ['repeat(1)', /no bound/],
    ['now', /same each time/],
    ['nope', /not known/],
    ['$nope', /\$nope/],
    ['.a[', /jq/],
    ['"abc', /within a text/],
    ['1 / 0', /zero/],
    ['.a.b', /Cannot index number/],
  ])('refuses %s', (text, why) => {
    expect(() => jq(text, { a: 1 })).toThrow(ExpressionError);
    expect(() => jq(text, { a: 1 })).toThrow(why);
  });

  it.each(['[range(1e9)]', 'reduce range(1e9) as $x ("a"; . + .)', '[range(1000)] as $l | [$l[] | $l[] | $l[]]'])(
    'ends what costs too much: %s',
    (text) => {
      expect(() => jq(text)).toThrow(/costs more/);
    },
  );
});
