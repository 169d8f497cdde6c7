import type { WorkflowWork, workflowWork } from '@chorda/contracts';
import { assertNever, type TenantId } from '@chorda/kernel';
import type { AgentWorkRepository } from '@chorda/read-models';
import { completed, failed, type StepOutcome } from './step-outcome.js';
import type { KeptMetadata } from './step-intake.js';
import type { CommandGiver } from './command-giver.js';
import { beginAgent } from './begin-agent.js';
import { beginSubWorkflow, type DefinitionSource } from './begin-sub-workflow.js';
import { stopStep } from './stop-step.js';

/** Work as whoever does it gets it. */
export interface Assignment<Work extends WorkflowWork = WorkflowWork> {
  readonly work: Work;
  readonly tenantId: TenantId;
  /** What is left until the engine gives the try up. */
  readonly leftMs: number;
  readonly metadata: KeptMetadata;
  /** Aborted when the lease is lost or the executor stops: an outcome is of use no more. */
  readonly signal: AbortSignal;
}

export type StepAssignment = Assignment<workflowWork.StepRequested>;
export type StepCall = (assignment: StepAssignment) => Promise<StepOutcome>;

/** Does work of one type. A throw is a fault of ours: the work is thought lost. */
export interface StepRunner {
  run(assignment: Assignment): Promise<StepOutcome>;
}

export interface StepRunnerParts {
  readonly works: AgentWorkRepository;
  readonly agents: CommandGiver;
  readonly workflows: CommandGiver;
  readonly definitions: DefinitionSource;
  /** By type of step. */
  readonly calls: { readonly [type: string]: StepCall };
}

/** Does every type of work that the engine asks for. */
export function stepRunner(parts: StepRunnerParts): StepRunner {
  return {
    async run({ work, ...assignment }) {
      switch (work.type) {
        case 'workflow.step_requested':
          return runStep(parts, { work, ...assignment });
        case 'workflow.stop_requested':
          await stopStep(parts, { work, ...assignment });
          return { kind: 'begun' };
        case 'workflow.parent_told':
          return completed(null);
        default:
          return assertNever(work);
      }
    },
  };
}

function runStep(parts: StepRunnerParts, assignment: StepAssignment): Promise<StepOutcome> {
  const { step_type } = assignment.work.data;
  if (step_type === 'agent') return beginAgent(parts.agents, assignment);
  if (step_type === 'sub_workflow') return beginSubWorkflow(parts, assignment);
  const call = parts.calls[step_type];
  if (call) return call(assignment);
  const message = `Nothing here does steps of the type ${step_type}`;
  return Promise.resolve(failed({ class: 'workflow', code: 'STEP_TYPE_UNKNOWN', message, retriable: false }));
}
