import type { WorkflowEvent } from '@chorda/contracts';
import type { Aggregate, Given, StatesOf } from '../aggregate.js';
import { branchDefinition } from './branch-state.js';
import { dueCommand, readsOf, type AnyWorkflowCommand, type WorkflowDecision } from './run-commands.js';
import type { WorkflowPorts, WorkflowStates } from './run-course.js';
import { runDefinition } from './run-state.js';
import * as runs from './runs.decider.js';
import * as steps from './steps.decider.js';

/**
 * Runs of workflows. A run is interpreted from the definition that its first event holds; each flow nested in it, and each
 * item of a map, is a stream of its own, so that no document grows with their number. All have the run as their key.
 */
export function workflowsAggregate(ports: WorkflowPorts): Aggregate<WorkflowStates, AnyWorkflowCommand, WorkflowEvent> {
  return {
    kind: 'workflow',
    streams: { workflow: runDefinition, branch: branchDefinition },
    reads: readsOf,
    decide: (given, states) => decide(given, states, ports),
    due: dueCommand,
  };
}

function decide(
  given: Given<AnyWorkflowCommand>,
  states: StatesOf<WorkflowStates>,
  ports: WorkflowPorts,
): WorkflowDecision {
  const { command } = given;
  const { commandId, tenantId, subject, timeMs, actor } = given;
  const as = <Command extends AnyWorkflowCommand>(narrowed: Command): Given<Command> => {
    const deriveId = (name: string): string => given.deriveId(name);
    return { command: narrowed, commandId, tenantId, subject, timeMs, actor, deriveId };
  };
  switch (command.type) {
    case 'workflow.start':
      return runs.start(as(command), states, ports);
    case 'workflow.pause':
      return runs.pause(as(command), states, ports);
    case 'workflow.resume':
      return runs.resume(as(command), states, ports);
    case 'workflow.cancel':
      return runs.cancel(as(command), states, ports);
    case 'workflow.signal':
      return runs.signal(as(command), states, ports);
    case 'workflow.retry':
      return runs.retry(as(command), states, ports);
    case 'workflow.record_step_started':
      return steps.recordStarted(as(command), states, ports);
    case 'workflow.record_step_progress':
      return steps.recordProgress(as(command), states, ports);
    case 'workflow.record_step_result':
      return steps.recordResult(as(command), states, ports);
    case 'workflow.claim_task':
      return steps.claimTask(as(command), states, ports);
    case 'workflow.decide_task':
      return steps.decideTask(as(command), states, ports);
    case 'workflow.timer_due':
      return steps.timerDue(as(command), states, ports);
  }
}
