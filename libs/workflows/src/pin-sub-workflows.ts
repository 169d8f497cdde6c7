import { workflowLimits } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { isSchema as isObject } from './types/known.js';

/** The newest stored version of each that there is. */
export type NewestVersions = (names: readonly string[]) => Promise<ReadonlyMap<string, number>>;

/**
 * The form that a run is started with: workflows that its steps name without a version are pinned to the newest there is
 * at the start, so that what is stored while it runs changes nothing in it. The hash stays that of the stored form.
 *
 * @param form Text of a stored form.
 * @returns The same text where nothing is to be pinned, or where there would be no room for it: then each such step
 *   takes the newest when it begins.
 */
export async function pinSubWorkflows(form: string, newest: NewestVersions): Promise<string> {
  // Most have none, and a run is not to wait for a form to be read for nothing.
  if (!form.includes('"sub_workflow"')) return form;
  const parsed: JsonValue = JSON.parse(form);
  if (!isObject(parsed)) return form;
  const names = new Set<string>();
  collect(parsed, names);
  if (names.size === 0) return form;
  const pinned = Object.fromEntries([...(await newest([...names]))].map(([name, version]) => [name, String(version)]));
  const text = JSON.stringify({ ...parsed, sub_versions: pinned });
  return Buffer.byteLength(text) > workflowLimits.formBytesMax ? form : text;
}

function collect(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, names);
  else if (typeof value === 'object' && value !== null) {
    const { kind, workflow, version } = { kind: null, workflow: null, version: null, ...value };
    if (kind === 'sub_workflow' && typeof workflow === 'string' && version === null) names.add(workflow);
    for (const member of Object.values(value)) collect(member, names);
  }
}
