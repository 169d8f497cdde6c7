import { describe, expect, it } from 'vitest';
import { checkHistory, inTimeOrder, type FindingKind, type SeenRecord, type SentRecord } from './history.js';

const keys = ['a', 'b'];

/** Twenty records, ten a key, as sent and as one reader of one partition should see them. */
function perfectRun(): { sent: SentRecord[]; seen: SeenRecord[] } {
  const sent = Array.from({ length: 20 }, (_, index) => ({
    id: `id-${index}`,
    key: keys[index % 2] ?? '',
    place: { topic: 't', partition: 0, offset: BigInt(index) },
  }));
  const seen = sent.map(({ id, key, place }) => ({ id, key, ...place, reader: 'r', epoch: 1, handledAtMs: 0 }));
  return { sent, seen };
}

/** What the check says after `plant` broke the run. */
function kindsAfter(plant: (seen: SeenRecord[], sent: SentRecord[]) => void): readonly FindingKind[] {
  const { sent, seen } = perfectRun();
  plant(seen, sent);
  return checkHistory(sent, seen, { repeats: 'across-assignments' }).map((found) => found.kind);
}

function swap(seen: SeenRecord[], first: number, second: number): void {
  const [one, other] = [seen[first], seen[second]];
  if (!one || !other) throw new Error('no such record');
  [seen[first], seen[second]] = [other, one];
}

function first(seen: readonly SeenRecord[]): SeenRecord {
  const [record] = seen;
  if (!record) throw new Error('nothing was seen');
  return record;
}

describe('the check of a history', () => {
  it('finds nothing in a run without fault', () => {
    const { sent, seen } = perfectRun();

    expect(checkHistory(sent, seen, { repeats: 'never' })).toEqual([]);
  });

  it('finds an acknowledged record that nobody was given', () => {
    expect(kindsAfter((seen) => seen.splice(7, 1))).toEqual(['lost']);
  });

  it('forgives a missing record whose send was never acknowledged', () => {
    const unacknowledged = kindsAfter((seen, sent) => {
      seen.splice(7, 1);
      sent[7] = { id: 'id-7', key: 'b' };
    });

    expect(unacknowledged).toEqual([]);
  });

  it('finds two records of a key that changed places, and not two of different keys', () => {
    expect(kindsAfter((seen) => swap(seen, 4, 6))).toEqual(['out-of-order']);
    expect(kindsAfter((seen) => swap(seen, 4, 5))).toEqual([]);
  });

  it('finds a record that one assignment was given twice', () => {
    expect(kindsAfter((seen) => seen.splice(5, 0, ...seen.slice(4, 5)))).toEqual(['duplicate']);
  });

  it('forgives a repeat by the next assignment, unless repeats are ruled out', () => {
    const { sent, seen } = perfectRun();
    const again = [...seen, ...seen.slice(15).map((record) => ({ ...record, epoch: 2 }))];

    expect(checkHistory(sent, again, { repeats: 'across-assignments' })).toEqual([]);
    expect(checkHistory(sent, again, { repeats: 'never' }).map((found) => found.kind)).toEqual(['duplicate']);
  });

  it('finds a record that was written twice, even where repeats are allowed', () => {
    const kinds = kindsAfter((seen) => {
      seen.push({ ...first(seen), offset: 99n, epoch: 2 });
    });

    expect(kinds).toContain('duplicate');
  });

  it('finds a record that was never sent', () => {
    const kinds = kindsAfter((seen) => seen.push({ ...first(seen), id: 'stranger', offset: 500n }));

    expect(kinds).toEqual(['phantom']);
  });

  it('finds an acknowledgement that named another offset', () => {
    const kinds = kindsAfter((_, sent) => {
      sent[3] = { id: 'id-3', key: 'b', place: { topic: 't', partition: 0, offset: 1_000n } };
    });

    expect(kinds).toEqual(['wrong-place']);
  });

  it('finds an offset that held two records', () => {
    const kinds = kindsAfter((seen) => {
      const second = seen[1];
      if (second) seen[1] = { ...second, offset: 0n };
    });

    expect(kinds).toContain('unstable-offset');
  });

  it('orders what two processes saw by when they handled it', () => {
    const { seen } = perfectRun();
    const timed = seen.map((record, index) => ({ ...record, handledAtMs: index }));
    const [even, odd] = [0, 1].map((rest) => timed.filter((_, index) => index % 2 === rest));

    expect(inTimeOrder(even ?? [], odd ?? [])).toEqual(timed);
  });
});
