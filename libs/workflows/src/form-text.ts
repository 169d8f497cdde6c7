import { createHash } from 'node:crypto';
import type { WorkflowForm } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';

/** The one text of a form: names in the order of their characters, no space. The same form is the same text. */
export function textOfForm(form: WorkflowForm): string {
  const value: JsonValue = JSON.parse(JSON.stringify(form));
  return JSON.stringify(ordered(value));
}

/** What a run is pinned to: SHA-256 of the text of its form, lower case hex. */
export function hashOfForm(form: WorkflowForm): string {
  return createHash('sha256').update(textOfForm(form)).digest('hex');
}

function ordered(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, each]) => [name, ordered(each)]));
}
