import type { DemoEvent } from './demo-event.js';

/** The life cycle of an agent: what may follow what. Events that are not named leave the state as it is. */
const agentRules: Readonly<Record<string, { readonly from: readonly string[]; readonly to: string }>> = {
  'agent.created': { from: ['absent'], to: 'CREATED' },
  'agent.initialization_started': { from: ['CREATED', 'VALIDATION_FAILED'], to: 'INITIALIZING' },
  'agent.initialized': { from: ['INITIALIZING'], to: 'INITIALIZED' },
  'agent.validation_started': { from: ['INITIALIZED'], to: 'VALIDATING' },
  'agent.validated': { from: ['VALIDATING'], to: 'VALIDATED' },
  'agent.validation_failed': { from: ['VALIDATING'], to: 'VALIDATION_FAILED' },
  'agent.ready': { from: ['VALIDATED', 'COMPLETED', 'FAILED', 'CANCELLED'], to: 'READY' },
  'agent.execution_started': { from: ['READY'], to: 'EXECUTING' },
  'agent.turn_recorded': { from: ['EXECUTING'], to: 'EXECUTING' },
  'agent.tool_called': { from: ['EXECUTING'], to: 'EXECUTING' },
  'agent.tool_returned': { from: ['EXECUTING'], to: 'EXECUTING' },
  'agent.memory_written': { from: ['EXECUTING'], to: 'EXECUTING' },
  'agent.execution_completed': { from: ['EXECUTING'], to: 'COMPLETED' },
  'agent.execution_failed': { from: ['EXECUTING'], to: 'FAILED' },
  'agent.execution_cancelled': { from: ['EXECUTING'], to: 'CANCELLED' },
  'agent.executed': { from: ['COMPLETED'], to: 'COMPLETED' },
  'agent.failed': { from: ['FAILED', 'CANCELLED'], to: 'FAILED' },
  'agent.terminated': { from: ['READY'], to: 'TERMINATED' },
  'agent.deleted': { from: ['TERMINATED'], to: 'DELETED' },
};

/** What is open in a workflow run: the event that opens a thing, and those that close it. */
const pairs: readonly { readonly opens: string; readonly closes: readonly string[]; readonly field: string }[] = [
  { opens: 'workflow.step_scheduled', closes: ['workflow.step_started'], field: 'step_id' },
  {
    opens: 'workflow.step_started',
    closes: ['workflow.step_completed', 'workflow.step_failed'],
    field: 'step_id',
  },
  { opens: 'workflow.timer_set', closes: ['workflow.timer_fired'], field: 'timer_id' },
  { opens: 'workflow.paused', closes: ['workflow.resumed'], field: 'workflow_id' },
  { opens: 'workflow.human_task_opened', closes: ['workflow.human_task_decided'], field: 'task_id' },
  { opens: 'agent.tool_called', closes: ['agent.tool_returned'], field: 'call_id' },
];

const runEnds: ReadonlySet<string> = new Set(['workflow.completed', 'workflow.failed', 'workflow.cancelled']);

/** Every place where events stand in an order that could not have happened, as sentences. */
export function brokenRules(events: readonly DemoEvent[]): readonly string[] {
  return [...brokenLives(events), ...brokenRuns(events), ...brokenPairs(events)];
}

function brokenLives(events: readonly DemoEvent[]): string[] {
  const states = new Map<string, string>();
  return events.flatMap((event) => {
    const rule = agentRules[event.type];
    // Agents of others have no life cycle here.
    if (rule === undefined || !event.source.startsWith('urn:chorda:demo')) return [];
    const state = states.get(event.subject) ?? 'absent';
    states.set(event.subject, rule.to);
    return rule.from.includes(state) ? [] : [`${event.type} of ${event.subject} in state ${state}`];
  });
}

function brokenRuns(events: readonly DemoEvent[]): string[] {
  const states = new Map<string, 'running' | 'ended'>();
  return events.flatMap((event) => {
    if (!event.type.startsWith('workflow.')) return [];
    const state = states.get(event.subject);
    const starts = event.type === 'workflow.started';
    states.set(event.subject, runEnds.has(event.type) ? 'ended' : 'running');
    const lawful = starts ? state === undefined : state === 'running';
    return lawful ? [] : [`${event.type} of ${event.subject}, which is ${state ?? 'absent'}`];
  });
}

function brokenPairs(events: readonly DemoEvent[]): string[] {
  return pairs.flatMap(({ opens, closes, field }) => {
    const open = new Set<string>();
    return events.flatMap((event) => {
      if (event.type !== opens && !closes.includes(event.type)) return [];
      const thing = `${event.subject} ${String(event.data[field])}`;
      if (event.type === opens) {
        const twice = open.has(thing);
        open.add(thing);
        return twice ? [`${event.type} of ${thing} while it is open`] : [];
      }
      return open.delete(thing) ? [] : [`${event.type} of ${thing}, which is not open`];
    });
  });
}
