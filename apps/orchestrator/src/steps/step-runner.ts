import type { WorkflowWork, workflowWork } from '@chorda/contracts';
import { assertNever } from '@chorda/kernel';
import type { Assignment, ModelAsks, WorkGround, WorkRunner } from '@chorda/work';
import { completed, failed, type StepOutcome } from './step-outcome.js';
import type { CommandGiver } from './command-giver.js';
import { beginAgent } from './begin-agent.js';
import { beginLlm } from './begin-llm.js';
import { beginSubWorkflow, type DefinitionSource } from './begin-sub-workflow.js';
import { stopStep } from './stop-step.js';

export type StepAssignment = Assignment<workflowWork.StepRequested>;
export type StepCall = (assignment: StepAssignment) => Promise<StepOutcome>;
export type StepRunner = WorkRunner<WorkflowWork, StepOutcome>;

export interface StepRunnerParts {
  readonly revoke: WorkGround['revoke'];
  readonly agents: CommandGiver;
  readonly workflows: CommandGiver;
  readonly definitions: DefinitionSource;
  readonly asks: Pick<ModelAsks, 'ask' | 'cancel'>;
  readonly webhook: StepCall;
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
  if (step_type === 'llm') return beginLlm(parts.asks, assignment);
  if (step_type === 'webhook') return parts.webhook(assignment);
  const message = `Nothing here does steps of the type ${step_type}`;
  return Promise.resolve(failed({ class: 'workflow', code: 'STEP_TYPE_UNKNOWN', message, retriable: false }));
}
