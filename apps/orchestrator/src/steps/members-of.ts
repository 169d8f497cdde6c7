import type { JsonValue } from '@chorda/kernel';

/** Of an object; nothing of any other value. */
export function membersOf(value: JsonValue): { readonly [name: string]: JsonValue } {
  return isObject(value) ? value : {};
}

function isObject(value: JsonValue): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
