import fc from 'fast-check';
import pg from 'pg';
import { expect, it } from 'vitest';
import { timestampOf } from './timestamp-text.js';

const parseAny = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ, 'text');

it('reads what a server writes as pg reads it', () => {
  const micros = fc.stringMatching(/^\d{0,5}[1-9]$/);
  const zone = fc.constantFrom('+00', '+00', '+02', '-07', '+05:30');
  const date = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, fc.option(micros), zone, (at, part, offset) => {
      const text = `${at.toISOString().slice(0, 19).replace('T', ' ')}${part === null ? '' : `.${part}`}${offset}`;
      expect(timestampOf(text), text).toEqual(parseAny(text));
    }),
    { numRuns: 2_000 },
  );
});

it.each(['infinity', '-infinity', '0044-03-15 12:00:00+00 BC', '12026-11-21 12:00:00+00', '2026-11-21 12:00:00'])(
  'leaves %s to pg',
  (text) => {
    expect(timestampOf(text)).toEqual(parseAny(text));
  },
);
