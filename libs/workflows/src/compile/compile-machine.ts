import type { Final, Machine, MachineState, Step, Transition, Trigger } from '@chorda/domain';
import { idFault } from '../document/parts.js';
import type { FlowDocument, StateDocument, TransitionDocument, TransitionsDocument } from '../document/types.js';
import { within } from '../source/fault.js';
import type { ScopeTypes } from '../types/check-cel.js';
import { closed, dyn, type Known } from '../types/known.js';
import type { FlowPlace } from './compile-flow.js';
import { compileStep, eventKnown, refuseOrder } from './compile-step.js';
import { correlationOf } from './correlation.js';
import { checkWays } from './machine-ways.js';
import { errorKnown, errorMatchOf } from './policies.js';

interface StatePlace extends FlowPlace {
  readonly scope: ScopeTypes;
}

export function compileMachine(
  document: FlowDocument,
  place: FlowPlace,
  outer: ScopeTypes,
): { readonly flow: Machine; readonly output: Known } {
  const { pointer, compiler } = place;
  const documents = Object.entries(document.states ?? {});
  const stepped = documents.filter(([, { step }]) => step !== undefined);
  const known = stepped.map(
    ([name]) => [name, closed({ status: { type: 'string' }, output: dyn, error: dyn })] as const,
  );
  const scope = { ...outer, steps: closed(Object.fromEntries(known)) };
  const states = documents.map(([name, state]) =>
    compileState(name, state, { ...place, pointer: within(pointer, 'states', name), scope }),
  );
  const output = compiler.template(document.output, within(pointer, 'output'), { ...scope, output: dyn });
  const start = document.start ?? '';
  if (document.states !== undefined) {
    checkWays({ start, states, visitsMax: document.visits_max }, pointer, compiler.faults);
  }
  return {
    flow: {
      kind: 'machine',
      context: null,
      output: output?.template ?? null,
      start,
      states,
      visits_max: document.visits_max ?? Math.max(1, states.length),
    },
    output: output?.known ?? dyn,
  };
}

function compileState(name: string, document: StateDocument, place: StatePlace): MachineState {
  const { pointer, scope, compiler } = place;
  const fault = idFault(name);
  if (fault !== undefined) compiler.faults.add(pointer, fault);
  const compiled = stepOf(name, document, place);
  const final = finalOf(document, place);
  const transitions = [
    ...transitionsOf(document.next, 'next', { kind: 'done' }, { ...scope, output: compiled?.output ?? dyn }, place),
    ...errorTransitions(document, place),
    ...Object.entries(document.on ?? {}).flatMap(([event, ways]) =>
      onEvent(event, ways, { ...place, scope: { ...scope, event: eventKnown } }),
    ),
    ...(document.after ?? []).map((way, index) => {
      const at = within(pointer, 'after', index);
      const ms = compiler.delay(way.delay, within(at, 'delay'), scope);
      return transitionOf(way, at, { kind: 'after', ms }, scope, place);
    }),
  ];
  return { name, step: compiled?.step ?? null, transitions, final };
}

function stepOf(name: string, { step }: StateDocument, place: StatePlace): { step: Step; output: Known } | null {
  if (step === undefined) return null;
  const pointer = within(place.pointer, 'step');
  refuseOrder(step, pointer, place.compiler);
  return compileStep(step, { id: name, pointer, scope: place.scope, compiler: place.compiler });
}

function finalOf(document: StateDocument, { pointer, scope, compiler }: StatePlace): Final | null {
  const { final } = document;
  const output = compiler.optional(document.output, within(pointer, 'output'), scope);
  const error = compiler.optional(document.error, within(pointer, 'error'), scope);
  const refuse = (names: readonly (keyof StateDocument)[], why: string) => {
    for (const name of names) if (document[name] !== undefined) compiler.faults.add(within(pointer, name), why);
  };
  if (final === undefined) {
    refuse(['output', 'error'], 'means something in a final state alone');
    return null;
  }
  refuse(['step', 'next', 'on_error', 'on', 'after'], 'cannot be in a final state: the flow has ended');
  if (final === 'failed') {
    refuse(['output'], 'means something where the flow completed alone');
    return { kind: final, error: error ?? { kind: 'value', value: {} } };
  }
  refuse(['error'], 'means something where the flow failed alone');
  return { kind: final, output };
}

function errorTransitions({ on_error: ways }: StateDocument, place: StatePlace): readonly Transition[] {
  const scope = { ...place.scope, error: errorKnown };
  return listed(ways).map(([way, at]) => {
    const pointer = within(place.pointer, 'on_error', ...at);
    const errors = errorMatchOf(way.errors, within(pointer, 'errors'), place.scope, place.compiler);
    return transitionOf({ ...way, errors: undefined }, pointer, { kind: 'error', errors }, scope, place);
  });
}

function onEvent(name: string, ways: TransitionsDocument, place: StatePlace): readonly Transition[] {
  return listed(ways).map(([way, at]) => {
    const pointer = within(place.pointer, 'on', name, ...at);
    const key = place.compiler.value(way.key, within(pointer, 'key'), place.scope);
    const on: Trigger = {
      kind: 'event',
      name,
      key,
      ...correlationOf(way.correlate, within(pointer, 'correlate'), place.compiler),
    };
    return transitionOf({ ...way, key: undefined, correlate: undefined }, pointer, on, place.scope, place);
  });
}

function transitionsOf(
  ways: TransitionsDocument | undefined,
  name: string,
  on: Trigger,
  scope: ScopeTypes,
  place: StatePlace,
): readonly Transition[] {
  return listed(ways).map(([way, at]) => transitionOf(way, within(place.pointer, name, ...at), on, scope, place));
}

function transitionOf(
  way: TransitionDocument,
  pointer: string,
  on: Trigger,
  scope: ScopeTypes,
  { compiler }: StatePlace,
): Transition {
  if (way.errors !== undefined) compiler.faults.add(within(pointer, 'errors'), 'means something in on_error alone');
  if (way.key !== undefined) compiler.faults.add(within(pointer, 'key'), 'means something in on alone');
  if (way.correlate !== undefined) compiler.faults.add(within(pointer, 'correlate'), 'means something in on alone');
  return {
    on,
    when: compiler.condition(way.when, within(pointer, 'when'), scope),
    assign: compiler.assign(way.assign, within(pointer, 'assign'), scope),
    to: way.to,
  };
}

function listed(
  ways: TransitionsDocument | undefined,
): readonly (readonly [way: TransitionDocument, at: readonly number[]])[] {
  if (ways === undefined) return [];
  const one = (way: string | TransitionDocument) => (typeof way === 'string' ? { to: way } : way);
  if (isList(ways)) return ways.map((way, index) => [one(way), [index]] as const);
  return [[one(ways), []]];
}

function isList(ways: TransitionsDocument): ways is Extract<TransitionsDocument, readonly unknown[]> {
  return Array.isArray(ways);
}
