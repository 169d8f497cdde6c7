import { toJson } from './output.js';

/** `name: value`, a member a line. */
export function lines(value: Readonly<Record<string, unknown>>): string {
  return Object.entries(value)
    .map(
      ([name, inner]) =>
        `${name}: ${typeof inner === 'object' && inner !== null ? toJson(inner) : String(inner ?? '')}`,
    )
    .join('\n');
}
