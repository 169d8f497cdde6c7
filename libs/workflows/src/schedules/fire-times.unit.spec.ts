import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fireTimes } from './fire-times.js';

const at = (text: string): number => Date.parse(text);

function next(cron: string, zone: string, after: string, count: number): string[] {
  const found: string[] = [];
  for (let ms: number | null = at(after); found.length < count;) {
    ms = fireTimes.next(cron, zone, ms);
    if (ms === null) break;
    found.push(new Date(ms).toISOString().slice(0, 16));
  }
  return found;
}

describe('times of a cron expression in a zone', () => {
  it('come once the clock has jumped where it jumps over them', () => {
    // Berlin, 29 March 2026: 02:00 is 03:00 at once.
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
    expect(next('30 2 * * *', 'America/New_York', '2026-03-07T08:00:00Z', 2)).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:30',
    ]);
  });

  it('come once where the clock shows them twice', () => {
    // Berlin, 25 October 2026: 03:00 is 02:00 again.
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    // Asked between the two, it has come.
    expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:45:00Z', 1)).toEqual(['2026-10-26T01:30']);
  });

  it('of each hour and oftener go on through both without a gap or a double', () => {
    for (const [start, hours] of [
      ['2026-03-28T22:00:00Z', 6],
      ['2026-10-24T22:00:00Z', 6],
    ] as const) {
      const quarters = next('*/15 * * * *', 'Europe/Berlin', start, hours * 4);
      const steps = quarters.slice(1).map((one, index) => at(`${one}Z`) - at(`${quarters[index]}Z`));
      expect(new Set(steps)).toEqual(new Set([15 * 60_000]));
    }
  });

  it('follow zones that move by half an hour, and midnights that are not there', () => {
    expect(next('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T18:00:00Z', 2)).toEqual([
      '2026-10-03T15:30',
      '2026-10-04T15:15',
    ]);
    expect(next('0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00:00Z', 2)).toEqual([
      '2018-11-04T03:00',
      '2018-11-05T02:00',
    ]);
  });

  it.each([
    ['61 * * * *', 'UTC', 'cron'],
    ['* * *', 'UTC', 'cron'],
    ['', 'UTC', 'cron'],
    ['* * * * * * 2027', 'UTC', 'cron'],
    ['2027-01-01T00:00:00', 'UTC', 'cron'],
    ['0 0 31 2 *', 'UTC', 'cron'],
    ['@often', 'UTC', 'cron'],
    ['* * * * *', 'Mars/Base', 'time_zone'],
    ['* * * * *', '+02:00', 'time_zone'],
    ['* * * * *', '', 'time_zone'],
  ])('refuse %j in %j by the field that is wrong', (cron, zone, field) => {
    const fault = fireTimes.fault(cron, zone);
    expect(fault?.field).toBe(field);
    expect(fault?.rule).toMatch(/^(must|never)/);
  });

  it.each(['*/10 * * * * *', '0 9 * * MON-FRI', '0 0 L * *', '@daily', '0 0 29 2 *', '0 8 * * 5#2'])(
    'take %j',
    (cron) => {
      expect(fireTimes.fault(cron, 'Europe/Berlin')).toBeUndefined();
    },
  );

  it('grow, and the last one before any moment is the one that comes next before it', () => {
    const crons = ['30 2 * * *', '*/15 * * * *', '0 0 1 * *', '15 30 1 * * *', '0 9 * * 1-5'];
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
    fc.assert(
      fc.property(
        fc.constantFrom(...crons),
        fc.constantFrom(...zones),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') }),
        (cron, zone, ms) => {
          const first = fireTimes.next(cron, zone, ms);
          expect(first).not.toBeNull();
          expect(first).toBeGreaterThan(ms);
          expect((first ?? 0) % 1_000).toBe(0);
          const last = fireTimes.last(cron, zone, ms);
          expect(last).toBeLessThanOrEqual(ms);
          // Nothing comes between the last one and the next one.
          expect(fireTimes.next(cron, zone, last ?? 0)).toBe(first);
        },
      ),
      { numRuns: 150 },
    );
  });
});
