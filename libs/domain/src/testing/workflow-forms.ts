import type { JsonValue } from '@chorda/kernel';
import type {
  Expression,
  Flow,
  Graph,
  GraphStep,
  Join,
  Machine,
  MachineState,
  Step,
  StepBase,
  StepKind,
  Template,
  Transition,
  WorkflowForm,
} from '../workflows/form.js';

/** Forms with everything that tests leave out; users have a builder that checks what they write. */
export const cel = (text: string): Expression => ({ language: 'cel', text });
export const expr = (text: string): Template => ({ kind: 'expression', expression: cel(text) });
export const val = (value: JsonValue): Template => ({ kind: 'value', value });
export const all: Join = { mode: 'all', count: null, cancel_rest: false };
export const first: Join = { mode: 'any', count: null, cancel_rest: true };
export const anyOf: Join = { mode: 'any', count: null, cancel_rest: false };
export const countOf = (count: number, cancel_rest = true): Join => ({ mode: 'count', count, cancel_rest });
export const noMatch = { classes: [], codes: [], statuses: [], when: null };

const base: Omit<StepBase, 'id'> = {
  name: null,
  when: null,
  input: null,
  output: null,
  assign: [],
  input_schema: null,
  output_schema: null,
  retry: [],
  timeouts: { schedule_to_start_ms: null, run_ms: null, idle_ms: null, whole_ms: null },
  catch: [],
  on_failure: 'fail',
  compensate: null,
};

type More = Partial<StepBase>;

export const step = (id: string, kind: StepKind, more: More = {}): Step => ({ ...base, id, ...kind, ...more });

export const tool = (id: string, more: More & { idempotent?: boolean } = {}): Step => {
  const { idempotent = true, ...rest } = more;
  return step(id, { kind: 'tool', tool: id, queue: 'default', idempotent }, rest);
};

export const script = (id: string, value: Template, more: More = {}): Step => step(id, { kind: 'script', value }, more);

export const graph = (steps: readonly (Step | GraphStep)[], more: Partial<Graph> = {}): Graph => ({
  kind: 'graph',
  steps: steps.map((one) => ('step' in one ? one : { step: one, needs: [], join: all })),
  join: all,
  context: null,
  output: null,
  ...more,
});

export const after = (one: Step, needs: readonly string[], join: Join = all): GraphStep => ({ step: one, needs, join });

/** One after the other. */
export const sequence = (steps: readonly Step[], more: Partial<Graph> = {}): Graph =>
  graph(
    steps.map((one, at) => after(one, at === 0 ? [] : [steps[at - 1]?.id ?? ''])),
    more,
  );

export const machine = (states: readonly MachineState[], more: Partial<Machine> = {}): Machine => ({
  kind: 'machine',
  start: states[0]?.name ?? '',
  states,
  visits_max: 100,
  context: null,
  output: null,
  ...more,
});

export const state = (name: string, more: Partial<MachineState> = {}): MachineState => ({
  name,
  step: null,
  transitions: [],
  final: null,
  ...more,
});

export const to = (target: string, more: Partial<Transition> = {}): Transition => ({
  on: { kind: 'done' },
  when: null,
  assign: [],
  to: target,
  ...more,
});

export const retryRule = (attempts_max: number, ms = 1_000) => ({
  errors: noMatch,
  attempts_max,
  backoff: { kind: 'exponential', ms, ms_max: 60_000, factor: 2, jitter: 0 } as const,
  time_ms_max: null,
});

export const formWith = (flow: Flow, more: Partial<WorkflowForm> = {}): WorkflowForm => ({
  form: 1,
  name: 'test',
  version: '1',
  title: null,
  input_schema: null,
  output_schema: null,
  input: null,
  output: null,
  timeout_ms: null,
  flow,
  ...more,
});
