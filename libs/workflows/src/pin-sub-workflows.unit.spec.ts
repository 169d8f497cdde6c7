import { describe, expect, it } from 'vitest';
import { formOf } from './compile/read-workflow.js';
import { textOfForm } from './form-text.js';
import { pinSubWorkflows } from './pin-sub-workflows.js';

const newest = (names: readonly string[]) =>
  Promise.resolve(new Map(names.map((name) => [name, name.length] as const)));
const sub = (workflow: string, version?: number) => ({ kind: 'sub_workflow', workflow, ...(version && { version }) });

describe('the form that a run is started with', () => {
  it('is pinned to the newest of what its steps name without a version, however deep', async () => {
    const inner = { steps: { b: sub('deeper') } };
    const form = formOf({
      workflow: 'parent',
      steps: {
        a: sub('child'),
        said: sub('named', 7),
        each: { kind: 'map', items: 2, body: inner },
        caught: { kind: 'raise', error: {}, catch: [{ flow: { steps: { c: sub('rescue') } } }] },
      },
    });
    const text = textOfForm(form);
    const pinned = JSON.parse(await pinSubWorkflows(text, newest));
    expect(pinned).toEqual({ ...JSON.parse(text), sub_versions: { child: '5', deeper: '6', rescue: '6' } });
  });

  it('stays as it is where there is nothing to pin', async () => {
    const text = textOfForm(formOf({ workflow: 'parent', steps: { a: { kind: 'script', value: '"sub_workflow"' } } }));
    expect(await pinSubWorkflows(text, newest)).toBe(text);
    const said = textOfForm(formOf({ workflow: 'parent', steps: { a: sub('child', 2) } }));
    expect(await pinSubWorkflows(said, newest)).toBe(said);
  });
});
