/** Tools with effects: those that may be called again with the same key, and one that may not. */
export const idempotentOf: Readonly<Record<string, boolean>> = {
  charge: false,
  stamp: true,
  item: true,
  refund: true,
  unstamp: true,
};

export const workflowName = 'soak-order';
export const childName = 'soak-child';
export const items = 3;

const tool = (name: string, step: string) =>
  `kind: tool, tool: ${name}, idempotent: ${idempotentOf[name]}, input: { effect: '\${run.id}/${step}' }`;

/** A run within a run: a value, and a pause that its engine may be killed in. */
export const childDefinition = `
workflow: ${childName}
steps:
  nap: { kind: timer, for: 80ms }
  value: { kind: script, needs: [nap], value: '\${input.number * 2}' }
output: '\${steps.value.output}'
`;

/**
 * Branches of all kinds that meet in one join: two calls of tools, one of which must not be repeated, a timer, an event,
 * a person, a race whose loser is cancelled, a map with a window, and a run within the run. Then the end, or a failure
 * that undoes both calls.
 */
export const definition = `
workflow: ${workflowName}
timeout: 1d
steps:
  charge: { ${tool('charge', 'charge')}, compensate: { ${tool('refund', 'refund')} } }
  stamp:
    kind: tool
    tool: stamp
    idempotent: true
    input: { effect: '\${run.id}/stamp', fails: '\${input.fails}' }
    retry: { attempts: 3, backoff: 100ms }
    compensate: { ${tool('unstamp', 'unstamp')} }
  nap: { kind: timer, for: 150ms }
  go: { kind: wait, event: go, key: '\${run.id}', ttl: 1d }
  ask: { kind: human, needs: [charge], when: input.asks, title: 'Go on?' }
  race:
    kind: flow
    flow:
      join: first
      steps:
        quick: { kind: timer, for: 60ms }
        slow: { kind: wait, event: never }
  items:
    kind: map
    items: '\${[5, 6, 7]}'
    window: 2
    body:
      steps:
        one: { kind: tool, tool: item, idempotent: true, input: { effect: '\${run.id}/item-\${string(index)}' }, output: '\${item}' }
      output: '\${steps.one.output}'
  child: { kind: sub_workflow, workflow: ${childName}, when: input.child, input: { number: 21 } }
  join:
    kind: script
    needs: [charge, stamp, nap, go, ask, race, items, child]
    value: '\${steps.items.output[0] + steps.items.output[1] + steps.items.output[2]}'
  end: { kind: raise, needs: [join], when: input.ends_badly, on_failure: fail, error: { class: soak, code: PLANNED, message: As planned } }
output: { total: '\${steps.join.output}', decided: '\${steps.ask.status == "completed" ? steps.ask.output.decision : "none"}' }
`;

/** What every run that completes comes to, beside what was decided. */
export const total = 18;

export interface PlannedRun {
  readonly runId: string;
  readonly asks: boolean;
  readonly child: boolean;
  /** How often `stamp` fails before it is done; once more than it is tried: it stands as an incident. */
  readonly fails: number;
  readonly endsBadly: boolean;
  readonly isCancelled: boolean;
  /** The event comes before the run can be waiting for it, and not long after. */
  readonly isSignalledAtOnce: boolean;
}

const every = (index: number, count: number) => index % count === count - 1;

export function plannedRun(runId: string, index: number): PlannedRun {
  return {
    runId,
    asks: every(index, 3),
    child: every(index, 4),
    fails: every(index, 40) ? 3 : index % 2,
    endsBadly: every(index, 7),
    isCancelled: every(index, 25),
    isSignalledAtOnce: every(index, 2),
  };
}

export function inputOf({ asks, child, fails, endsBadly }: PlannedRun) {
  return { asks, child, fails, ends_badly: endsBadly };
}
