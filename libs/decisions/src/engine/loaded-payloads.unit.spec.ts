import { BackboneError, payloadRef, tenantId } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { payloadKey, payloadIn, PayloadNotLoaded, type WantedPayload } from '../turn/turn-payloads.js';
import { payloadBounds, Payloads, type LoadedPayloads } from './loaded-payloads.js';

class Gone extends BackboneError {
  readonly code = 'PAYLOAD_NOT_FOUND';
  readonly retriable = false;
}

const ours = tenantId('ours');
const nameOf = (digit: string) => digit.repeat(64);
const wanted = (digit: string, length = 1, tenant = ours): WantedPayload => ({
  ...{ tenantId: tenant, ref: payloadRef(nameOf(digit), length) },
});

/** A store whose texts are made when they are asked for. */
function opened(textOf: (sha256: string) => string) {
  const asked: string[] = [];
  const counted: string[] = [];
  const store = {
    read: (tenant: string, sha256: string) => {
      asked.push(`${tenant}/${sha256[0]}`);
      return Promise.resolve().then(() => Buffer.from(textOf(sha256)));
    },
  };
  const payloads = new Payloads(store, (result) => void counted.push(result));
  return { asked, counted, payloads };
}

const errorOf = (turn: LoadedPayloads, each: WantedPayload): string => {
  try {
    payloadIn(turn, each);
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.message : 'none';
  }
};

describe('the values by reference of a turn', () => {
  it('are loaded when the rules ask for them, once, and are there for the next turn', async () => {
    const { asked, counted, payloads } = opened((name) => JSON.stringify({ name: name[0] }));
    const turn = payloads.ofTurn();
    expect(() => payloadIn(turn, wanted('a'))).toThrow(PayloadNotLoaded);
    const named = wanted('a', '{"name":"a"}'.length);
    expect(await turn.load([named])).toBe(true);
    expect(payloadIn(turn, named)).toEqual({ name: 'a' });
    const next = payloads.ofTurn();
    await next.load([named]);
    expect(payloadIn(next, named)).toEqual({ name: 'a' });
    expect({ asked, counted }).toEqual({ asked: ['ours/a'], counted: ['read', 'memory'] });
  });

  it("are the tenant's own: of another, the same name is asked for anew", async () => {
    const { asked, payloads } = opened(() => '1');
    const turn = payloads.ofTurn();
    await turn.load([wanted('a')]);
    expect(() => payloadIn(turn, wanted('a', 1, tenantId('theirs')))).toThrow(PayloadNotLoaded);
    await turn.load([wanted('a', 1, tenantId('theirs'))]);
    expect(asked).toEqual(['ours/a', 'theirs/a']);
  });

  it('say why one cannot be had, and ask again in the next turn: it may have been put back', async () => {
    let isGone = true;
    const { asked, payloads } = opened(() => {
      if (isGone) throw new Gone('It is gone');
      return '1';
    });
    const turn = payloads.ofTurn();
    expect(await turn.load([wanted('a')])).toBe(true);
    expect(errorOf(turn, wanted('a'))).toBe('It is gone');
    isGone = false;
    const next = payloads.ofTurn();
    await next.load([wanted('a')]);
    expect(payloadIn(next, wanted('a'))).toBe(1);
    expect(asked).toHaveLength(2);
  });

  it('make the turn wait where the store is away', async () => {
    const { payloads } = opened(() => {
      throw new Error('EIO');
    });
    await expect(payloads.ofTurn().load([wanted('a')])).rejects.toThrow('EIO');
  });

  it('are bounded each', async () => {
    const { asked, counted, payloads } = opened(() => '1');
    const turn = payloads.ofTurn();
    const large = wanted('a', payloadBounds.valueBytesMax + 1);
    await turn.load([large]);
    expect(errorOf(turn, large)).toContain(`at most ${payloadBounds.valueBytesMax} are read by rules`);
    expect({ asked, counted }).toEqual({ asked: [], counted: ['too_large'] });
  });

  it('have the length that their reference says, which all bounds are held by; another reference has them still', async () => {
    const { payloads } = opened(() => '"value"');
    const turn = payloads.ofTurn();
    await turn.load([wanted('a', 0), wanted('a', 7)]);
    expect(errorOf(turn, wanted('a', 0))).toContain('has 7 bytes, and not 0');
    expect(payloadIn(turn, wanted('a', 7))).toBe('value');
  });

  it('are bounded together: with fewer commands a turn needs less, and one command alone is told so', async () => {
    const text = JSON.stringify('x'.repeat(payloadBounds.valueBytesMax - 2));
    const { payloads } = opened(() => text);
    const list = ['a', 'b', 'c'].map((digit) => wanted(digit, text.length));
    const turn = payloads.ofTurn();
    expect(await turn.load(list)).toBe(false);
    expect(turn.get(payloadKey(list[0]!))).toBeDefined();
    expect(turn.get(payloadKey(list[2]!))).toBeUndefined();
    turn.refuse(list);
    expect(errorOf(turn, list[2]!)).toContain(`may have ${payloadBounds.turnBytesMax} bytes`);
    expect(errorOf(turn, list[0]!)).toBe('none');
  });

  it('are kept for later turns within a bound, those used last', async () => {
    const text = JSON.stringify('x'.repeat(payloadBounds.valueBytesMax - 2));
    const { asked, payloads } = opened(() => text);
    for (const digit of ['a', 'b', 'c', 'd', 'a', 'e', 'a', 'b'])
      await payloads.ofTurn().load([wanted(digit, text.length)]);
    expect(asked.map((each) => each.at(-1))).toEqual(['a', 'b', 'c', 'd', 'e', 'b']);
  });

  it('count once towards that bound where two partitions bring one at the same time', async () => {
    const text = JSON.stringify('x'.repeat(payloadBounds.valueBytesMax - 2));
    const { asked, payloads } = opened(() => text);
    const bring = (digit: string) => payloads.ofTurn().load([wanted(digit, text.length)]);
    await Promise.all([bring('a'), bring('a'), bring('b'), bring('b')]);
    for (const digit of ['c', 'd', 'a', 'b', 'c', 'd']) await bring(digit);
    expect(asked.map((each) => each.at(-1)).slice(4)).toEqual(['c', 'd']);
  });
});
