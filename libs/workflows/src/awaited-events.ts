import {
  workflowLimits,
  type Correlation,
  type Expression,
  type Flow,
  type Step,
  type WorkflowForm,
} from '@chorda/domain';

/** An event of producers that runs of a definition may wait for. */
export interface AwaitedEvent {
  /** As it is waited for, such as `external.order_paid`. */
  readonly name: string;
  /** Makes the key of the event; null: its subject. */
  readonly by: Expression | null;
  /** How long it is kept for whoever begins to wait later: the longest that anybody of the definition asks for. */
  readonly keptMs: number;
}

/**
 * What is waited for by names that are written out and may be types of events. A name that an expression makes is known
 * when a run waits: such events come to it by signals, and by what other runs emit.
 */
export function awaitedEventsOf(form: WorkflowForm): readonly AwaitedEvent[] {
  const found = new Map<string, AwaitedEvent>();
  const add = (name: string, correlate: Correlation | undefined): void => {
    if (!isEventTypeName(name)) return;
    const { key: by, kept_ms: keptMs } = correlate ?? { key: null, kept_ms: null };
    const id = JSON.stringify([name, by]);
    const before = found.get(id)?.keptMs ?? 0;
    // Its key is a text, if only that of its subject.
    found.set(id, { name, by, keptMs: Math.max(before, keptMs ?? workflowLimits.emittedTtlMsOf('')) });
  };
  visitFlow(form.flow, add);
  return [...found.values()];
}

/** Whether events of producers may have such a name; others come from runs and by signals alone. */
export function isEventTypeName(name: string): boolean {
  return /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(name);
}

type Add = (name: string, correlate: Correlation | undefined) => void;

function visitFlow(flow: Flow, add: Add): void {
  if (flow.kind === 'graph') for (const { step } of flow.steps) visitStep(step, add);
  else {
    for (const { step, transitions } of flow.states) {
      if (step !== null) visitStep(step, add);
      for (const { on } of transitions) if (on.kind === 'event') add(on.name, on.correlate);
    }
  }
}

function visitStep(step: Step, add: Add): void {
  for (const { flow } of step.catch) if (flow !== null) visitFlow(flow, add);
  if (step.kind === 'flow') visitFlow(step.flow, add);
  if (step.kind === 'map') visitFlow(step.body, add);
  const { event } = step.kind === 'wait' ? step : { event: null };
  if (step.kind === 'wait' && event?.kind === 'value' && typeof event.value === 'string')
    add(event.value, step.correlate);
}
