import type { JsonValue } from '@chorda/kernel';
import { inheritedNameRule } from '../document/parts.js';
import { within, type Faults } from '../source/fault.js';

/**
 * A member `__proto__` is left out of what schemas read, so that a step of that name would be gone without a word: it is
 * looked for before they are asked.
 */
export function checkNames(document: JsonValue, faults: Faults): boolean {
  const open: { readonly value: JsonValue; readonly pointer: string }[] = [{ value: document, pointer: '' }];
  let isGood = true;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, pointer } = next;
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      const place = within(pointer, name);
      if (name === '__proto__') {
        faults.add(place, inheritedNameRule);
        isGood = false;
      }
      open.push({ value: inner, pointer: place });
    }
  }
  return isGood;
}
