import fc from 'fast-check';
import { encodePosition } from '@chorda/contracts';
import { InvalidInputError } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { TailPosition } from './tail-position.js';

const moves = fc.array(
  fc.record({
    topic: fc.constantFrom('agent.events', 'system.events', 'external.api_response'),
    partition: fc.nat(11),
    // Beyond 2^53 no topic will ever come, and base 36 is read as a number.
    nextOffset: fc.bigInt(0n, BigInt(Number.MAX_SAFE_INTEGER)),
  }),
);

describe('the position of a tail', () => {
  it('is read back as it was written, whatever moved and in whatever order', () => {
    fc.assert(
      fc.property(moves, (list) => {
        const position = TailPosition.empty();
        for (const { topic, partition, nextOffset } of list) {
          position.moveTo(topic, partition, nextOffset);
          position.reachedAt(1_763_717_400_999);
          void position.toString(); // Fills the segments, so that one which is not made anew would be seen.
        }
        const read = TailPosition.parse(position.toString());
        expect(read.places()).toEqual(position.places());
        expect(read.isWhole).toBe(true);
        expect(read.atMs).toBe(list.length === 0 ? undefined : 1_763_717_400_000);
        for (const { topic, partition, nextOffset } of position.places()) {
          expect(read.nextOffset(topic, partition)).toBe(nextOffset);
        }
      }),
    );
  });

  it('needs no encoding in an address', () => {
    const position = TailPosition.empty();
    position.moveTo('agent.events', 3, 1234n);
    expect(encodeURIComponent(position.toString())).toBe(position.toString());
  });

  it('may be the position of a write, which names its own partition alone', () => {
    const read = TailPosition.parse(encodePosition([{ topic: 'agent.events', partition: 3, offset: 41n }]));
    expect(read.places()).toEqual([{ topic: 'agent.events', partition: 3, nextOffset: 42n }]);
    expect(read.isWhole).toBe(false);
  });

  it('does not change with its copy', () => {
    const position = TailPosition.empty();
    position.moveTo('agent.events', 0, 1n);
    position.copy().moveTo('agent.events', 0, 2n);
    expect(position.nextOffset('agent.events', 0)).toBe(1n);
  });

  it.each([
    '',
    't1',
    't1~',
    't1~-~agent.events',
    't1~x!~agent.events~1',
    't1~-~a b~1',
    't1~-~a~1~a~2',
    't1~-~a~-1',
    't1~-~a~1.!',
    't2~-~a~1',
    'x'.repeat(20_000),
  ])('is refused when it is %j', (text) => {
    expect(() => TailPosition.parse(text)).toThrow(InvalidInputError);
  });
});
