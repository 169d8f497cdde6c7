import { fieldOf, type ListDefinition, type ListField, type ListRow } from '@chorda/read-models';

/**
 * An item as JSON text: 64-bit numbers and decimals as text, times in RFC 3339, JSON values as they were written (values
 * would round their numbers).
 */
export function itemJsonText(definition: ListDefinition, row: ListRow): string {
  const members = Object.keys(definition.fields)
    .filter((name) => name in row)
    .map((name) => `${JSON.stringify(name)}:${valueText(fieldOf(definition, name), row[name])}`);
  return `{${members.join(',')}}`;
}

function valueText({ type }: ListField, value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (type === 'json') return String(value);
  if (type === 'count') return JSON.stringify(Number(value));
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  return JSON.stringify(value);
}
