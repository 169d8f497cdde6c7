import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derivedId, newId, tenantId } from './ids.js';
import { InvalidInputError } from './errors.js';

describe('derived ids', () => {
  it('are the same for the same parts', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (parts) => {
        expect(derivedId(...parts)).toBe(derivedId(...parts));
      }),
    );
  });

  it('differ where the same text is cut elsewhere', () => {
    expect(derivedId('ab', 'c')).not.toBe(derivedId('a', 'bc'));
    expect(derivedId('1:a', 'b')).not.toBe(derivedId('1', 'a1:b'));
  });

  it('never change: a repeat after an upgrade must carry the id it had', () => {
    expect(derivedId('default', 'key-1', 0)).toBe('48604e38-16f2-5f38-a4d5-5de85e4e69c2');
  });
});

describe('new ids', () => {
  it('are version 7 and sort by the time they were made', () => {
    const ids = Array.from({ length: 1000 }, newId);
    expect(ids.every((id) => id[14] === '7')).toBe(true);
    expect([...ids].sort()).toEqual(ids);
  });
});

describe('tenant ids', () => {
  it.each(['default', 'a', '0-9', 'x'.repeat(63)])('takes %s', (text) => {
    expect(tenantId(text)).toBe(text);
  });

  it.each(['', 'Default', 'a/b', 'a b', 'ä', 'x'.repeat(64), 'a\n'])('refuses %j and names the rule', (text) => {
    expect(() => tenantId(text)).toThrow(InvalidInputError);
    expect(() => tenantId(text)).toThrow(/\[a-z0-9-\]\{1,63\}/);
  });
});
