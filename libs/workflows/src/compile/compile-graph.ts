import type { Graph, GraphStep } from '@chorda/domain';
import { idFault } from '../document/parts.js';
import type { FlowDocument, StepDocument } from '../document/types.js';
import { within } from '../source/fault.js';
import type { ScopeTypes } from '../types/check-cel.js';
import { closed, dyn, type Known } from '../types/known.js';
import type { FlowPlace } from './compile-flow.js';
import { compileStep } from './compile-step.js';
import { inOrder } from './graph-order.js';
import { joinOf } from './policies.js';

type Steps = { readonly [id: string]: StepDocument };

export function compileGraph(
  document: FlowDocument,
  { pointer, compiler }: FlowPlace,
  scope: ScopeTypes,
): { readonly flow: Graph; readonly output: Known } {
  const documents = document.steps ?? {};
  const place = within(pointer, 'steps');
  checkIds(documents, { pointer, compiler });
  const needs = needsOf(documents, place, (at, detail) => {
    compiler.faults.add(at, detail);
  });
  const { order, before, cycle } = inOrder(needs);
  if (cycle !== null) {
    const [first = ''] = cycle;
    compiler.faults.add(within(place, first, 'needs'), `goes round in a circle: ${cycle.join(' needs ')}`);
  }
  const outputs = new Map<string, Known>();
  const compiled = new Map<string, GraphStep>();
  for (const id of order) {
    const step = documents[id];
    if (step === undefined) continue;
    const at = within(place, id);
    const visible = [...(before.get(id) ?? [])].map((other) => [other, stepKnown(outputs.get(other))] as const);
    const { step: made, output } = compileStep(step, {
      id,
      pointer: at,
      scope: { ...scope, steps: closed(Object.fromEntries(visible)) },
      compiler,
    });
    outputs.set(id, output);
    const own = needs.get(id) ?? [];
    const join = joinOf(step.join, { among: own.length, pointer: within(at, 'join'), compiler });
    compiled.set(id, { step: made, needs: own, join });
  }
  const ends = [...needs.keys()].filter((id) => ![...needs.values()].some((own) => own.includes(id)));
  const all = closed(Object.fromEntries([...outputs].map(([id, output]) => [id, stepKnown(output)])));
  const output = compiler.template(document.output, within(pointer, 'output'), { ...scope, steps: all });
  const join = joinOf(document.join, { among: ends.length, pointer: within(pointer, 'join'), compiler });
  const steps = Object.keys(documents).flatMap((id) => compiled.get(id) ?? []);
  const known = join.mode === 'all' ? closed(Object.fromEntries(ends.map((id) => [id, outputs.get(id) ?? dyn]))) : dyn;
  return {
    flow: { kind: 'graph', context: null, output: output?.template ?? null, steps, join },
    output: output?.known ?? known,
  };
}

function stepKnown(output: Known | undefined): Known {
  return closed({ status: { type: 'string' }, output: output ?? dyn, error: dyn });
}

function checkIds(documents: Steps, { pointer, compiler }: Pick<FlowPlace, 'pointer' | 'compiler'>): void {
  const place = within(pointer, 'steps');
  const ids = Object.keys(documents);
  if (ids.length === 0) compiler.faults.add(place, 'must have at least one step');
  for (const id of ids) {
    const fault = idFault(id);
    if (fault !== undefined) compiler.faults.add(within(place, id), fault);
  }
}

/** Only those that are there; the others are faults. */
function needsOf(
  documents: Steps,
  place: string,
  fault: (pointer: string, detail: string) => void,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(documents).map(([id, { needs = [] }]) => {
      const known = needs.filter((need, index) => {
        const at = within(place, id, 'needs', index);
        if (!Object.hasOwn(documents, need)) fault(at, `names ${need}, and there is no such step`);
        else if (need === id) fault(at, 'names the step itself');
        else if (needs.indexOf(need) !== index) fault(at, `names ${need} a second time`);
        else return true;
        return false;
      });
      return [id, known];
    }),
  );
}
