import type { JsonValue } from '@chorda/kernel';
import type { CustomTypesConfig } from 'pg';

/** What JSON can hold without loss goes over as it is; all else as PostgreSQL writes it, exact and with its time zone. */
const parsers = new Map<number, (text: string) => JsonValue>([
  [16, (text) => text === 't'],
  [21, Number],
  [23, Number],
  [26, Number],
  [700, finiteOrText],
  [701, finiteOrText],
  [114, (text) => JSON.parse(text)],
  [3802, (text) => JSON.parse(text)],
]);

export const jsonTypes: CustomTypesConfig = {
  getTypeParser: (oid: number) => parsers.get(oid) ?? String,
};

function finiteOrText(text: string): JsonValue {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}
