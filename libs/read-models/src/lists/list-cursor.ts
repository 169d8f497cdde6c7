import { createHash } from 'node:crypto';
import { InvalidInputError, type TenantId } from '@chorda/kernel';
import {
  fieldOf,
  orderFields,
  type FieldType,
  type ListDefinition,
  type ListRequest,
  type Sort,
} from './list-definition.js';

/** Longer than any cursor of ours: a key has at most a few values of 1 KiB. */
const cursorLengthMax = 8_192;

/** What a value of a cursor looks like. It goes into the statement as a parameter, so this only spares a failing cast. */
const patterns: Partial<Record<FieldType, RegExp>> = {
  integer: /^-?\d{1,10}$/,
  count: /^-?\d{1,19}$/,
  bigint: /^-?\d{1,19}$/,
  decimal: /^-?\d{1,60}(?:\.\d{1,40})?$/,
  timestamp: /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d){0,2}$/,
  boolean: /^(?:true|false)$/,
};

/**
 * Where a page ended: the values that rows are ordered by, and what the page was asked for. It is not signed, because
 * there is nothing to win by making one: whatever it says, the rows are those of the tenant of the request, from some
 * place on. What it was made for is checked, since another list or another filter would go on at a place without meaning.
 */
export function encodeCursor(
  scope: { readonly tenant: TenantId; readonly definition: ListDefinition; readonly request: ListRequest },
  sort: Sort,
  values: readonly string[],
): string {
  return Buffer.from(JSON.stringify([fingerprint(scope, sort), ...values])).toString('base64url');
}

/** @throws {@link InvalidInputError} for a text that no page of the same list, filters, sort and tenant came with. */
export function decodeCursor(
  scope: { readonly tenant: TenantId; readonly definition: ListDefinition; readonly request: ListRequest },
  sort: Sort,
  text: string,
): readonly string[] {
  const [mark, ...values] = partsOf(text);
  const fields = orderFields(scope.definition, sort);
  const isOurs =
    mark === fingerprint(scope, sort) &&
    values.length === fields.length &&
    fields.every((field, index) => isValue(fieldOf(scope.definition, field).type, values[index] ?? ''));
  if (!isOurs) throw foreignCursor();
  return values;
}

function partsOf(text: string): readonly string[] {
  if (text.length > cursorLengthMax) throw foreignCursor();
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw foreignCursor();
  }
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) throw foreignCursor();
  return parts;
}

function isValue(type: FieldType, value: string): boolean {
  // Postgres takes no NUL in a text, and a date beyond its range fails in the cast.
  if (value.includes('\0')) return false;
  if (type === 'timestamp' && Number.isNaN(Date.parse(value.replace(' ', 'T').slice(0, 19)))) return false;
  if ((type === 'bigint' || type === 'count') && /^-?\d+$/.test(value) && !isInt64(BigInt(value))) return false;
  if (type === 'integer' && Math.abs(Number(value)) > 2 ** 31 - 1) return false;
  return patterns[type]?.test(value) ?? true;
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function fingerprint(
  { tenant, definition, request }: { tenant: TenantId; definition: ListDefinition; request: ListRequest },
  sort: Sort,
): string {
  const conditions = request.conditions
    .map(({ field, operator, values }) => JSON.stringify([field, operator, ...values.toSorted()]))
    .sort();
  const asked = JSON.stringify([tenant, definition.name, sort.field, sort.isDescending, conditions]);
  return createHash('sha256').update(asked).digest('base64url').slice(0, 16);
}

function foreignCursor(): InvalidInputError {
  return new InvalidInputError('Cursor', [
    { pointer: '/cursor', detail: 'must be the next_cursor of a page with the same filters and the same sort' },
  ]);
}
