import type { Flow } from '@chorda/domain';
import type { FlowDocument } from '../document/types.js';
import { within } from '../source/fault.js';
import type { ScopeTypes } from '../types/check-cel.js';
import { closed, type Known } from '../types/known.js';
import { compileGraph } from './compile-graph.js';
import { compileMachine } from './compile-machine.js';
import type { Compiler } from './compiler.js';

/** Where a flow stands. */
export interface FlowPlace {
  readonly pointer: string;
  /** What is known of what goes into it. */
  readonly input: Known;
  /** What it sees besides its own: run, item, index. */
  readonly outer: ScopeTypes;
  readonly compiler: Compiler;
}

export interface CompiledFlow {
  readonly flow: Flow;
  readonly output: Known;
}

export const runKnown: Known = closed({
  id: { type: 'string' },
  name: { type: 'string' },
  started_at: { type: 'dyn' },
  input: { type: 'dyn' },
});

export function compileFlow(document: FlowDocument, place: FlowPlace): CompiledFlow {
  const { pointer, compiler } = place;
  const isGraph = document.steps !== undefined;
  if (isGraph === (document.states !== undefined)) compiler.faults.add(pointer, 'must have either steps or states');
  const foreign = isGraph ? (['start', 'visits_max'] as const) : (['join'] as const);
  for (const name of foreign) {
    if (document[name] === undefined) continue;
    compiler.faults.add(
      within(pointer, name),
      isGraph ? 'means something with states alone' : 'means something with steps alone',
    );
  }
  const base = { ...place.outer, input: place.input };
  const context = compiler.template(document.context, within(pointer, 'context'), base);
  if (context !== null && !['map', 'dyn'].includes(context.known.type)) {
    compiler.faults.add(within(pointer, 'context'), `must be an object; this is of type ${context.known.type}`);
  }
  // What `assign` adds is not followed: a member that is not there yet may come.
  const scope: ScopeTypes = { ...base, context: place.outer['context'] ?? { type: 'map' } };
  const compiled = isGraph ? compileGraph(document, place, scope) : compileMachine(document, place, scope);
  return { ...compiled, flow: { ...compiled.flow, context: context?.template ?? null } };
}
