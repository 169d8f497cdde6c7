import { InvalidInputError } from '@chorda/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePosition, encodePosition, type PositionPlace } from './position.js';

const place = fc.record<PositionPlace>({
  topic: fc.constantFrom('agent.events', 'workflow.events', 'external.web-hook_1'),
  partition: fc.integer({ min: 0, max: 11 }),
  offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
});

describe('a position', () => {
  it('holds the furthest offset of each partition, whatever the order of its places', () => {
    fc.assert(
      fc.property(fc.array(place), (places) => {
        const text = encodePosition(places);
        expect(encodePosition(places.toReversed())).toBe(text);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        const furthest = new Map<string, bigint>();
        for (const { topic, partition, offset } of places) {
          const key = `${topic}/${partition}`;
          if (offset >= (furthest.get(key) ?? -1n)) furthest.set(key, offset);
        }
        const decoded = decodePosition(text).map((at) => [`${at.topic}/${at.partition}`, at.offset] as const);
        expect(new Map(decoded)).toEqual(furthest);
      }),
    );
  });

  it('is refused when it was cut or altered, so that nobody waits for less than was written', () => {
    const text = encodePosition([
      { topic: 'agent.events', partition: 3, offset: 1_000_000n },
      { topic: 'workflow.events', partition: 11, offset: 7n },
    ]);
    for (let length = 0; length < text.length; length += 1) {
      const cut = text.slice(0, length);
      const whole = (): unknown => decodePosition(cut);
      // Base64 text that happens to end between two places is a position of its own.
      try {
        expect(encodePosition(decodePosition(cut))).toBe(cut);
      } catch {
        expect(whole).toThrow(InvalidInputError);
      }
    }
  });

  it.each([
    '',
    'x',
    '!!!!',
    'a'.repeat(100_000),
    Buffer.from('2;agent.events:0.1').toString('base64url'),
    Buffer.from('1;a b:0.1').toString('base64url'),
    Buffer.from('1;a:0.1;a:0.2').toString('base64url'),
    Buffer.from('1;a:-1.1').toString('base64url'),
    Buffer.from('1;a:0.zzzzzzzzzzzzz').toString('base64url'),
    Buffer.from('1;a:00.1').toString('base64url'),
  ])('is refused when it is none: %j', (text) => {
    expect(() => decodePosition(text)).toThrow(InvalidInputError);
  });
});
