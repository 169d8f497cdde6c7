import { jsonValue, type WorkflowEvent } from '@chorda/contracts';
import type { StreamDefinition, Timer } from '../aggregate.js';
import { emptyFlow, evolveFlow, flowTimers, optional, type FlowState } from './flow-state.js';

export interface KnownBranch {
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly flow: FlowState;
}

/** A flow within a run: the body of a step, or of one item of a map. */
export type Branch = { readonly status: 'absent' } | KnownBranch;

function evolve(branch: Branch, event: WorkflowEvent): Branch {
  if (event.type === 'workflow.branch_started') {
    const { input_data, item, index, context } = event.data;
    const flow = { ...emptyFlow, input: jsonValue(input_data), item: optional(item), index };
    return { status: 'running', flow: { ...flow, context: optional(context) ?? {} } };
  }
  if (branch.status === 'absent') throw new TypeError(`${event.type} of a nested flow that was not started`);
  if (event.type === 'workflow.branch_ended') {
    const { status } = event.data;
    return { ...branch, status: status === 'completed' || status === 'cancelled' ? status : 'failed' };
  }
  return { ...branch, flow: evolveFlow(branch.flow, event) };
}

function timers(branch: Branch): readonly Timer[] {
  return branch.status === 'running' ? flowTimers(branch.flow) : [];
}

const absentBranch: Branch = { status: 'absent' };

export const branchDefinition: StreamDefinition<Branch, WorkflowEvent> = {
  initialState: absentBranch,
  evolve,
  timers,
  snapshotVersion: 1,
};
