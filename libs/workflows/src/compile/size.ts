import { workflowLimits } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { within, type Faults } from '../source/fault.js';

/** Before anything is checked: what is far too large is refused for its size, and costs no more than counting it. */
export function checkSize(document: JsonValue, faults: Faults): boolean {
  let steps = 0;
  let deepest = { depth: 0, pointer: '' };
  const open: { readonly value: JsonValue; readonly pointer: string; readonly depth: number }[] = [
    { value: document, pointer: '', depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, pointer, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      const isFlow = (name === 'steps' || name === 'states') && typeof inner === 'object' && inner !== null;
      if (isFlow) steps += Object.keys(inner).length;
      const at = { value: inner, pointer: within(pointer, name), depth: depth + (isFlow ? 1 : 0) };
      if (at.depth > deepest.depth) deepest = at;
      open.push(at);
    }
  }
  const { formStepsMax, formNestingMax } = workflowLimits;
  if (steps > formStepsMax) {
    faults.add(
      '',
      `has ${steps} steps and states; at most ${formStepsMax} may be in a workflow. Use map for many items`,
    );
  }
  if (deepest.depth > formNestingMax) {
    faults.add(deepest.pointer, `is a flow ${deepest.depth} deep; at most ${formNestingMax} may be within each other`);
  }
  return steps <= formStepsMax && deepest.depth <= formNestingMax;
}
