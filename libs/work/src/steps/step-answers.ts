import { stepId, workflowId, type AnyCommand, type JsonText, type WorkflowWork } from '@chorda/contracts';
import type { AnswerKind, Begun } from '../work-kind.js';

/** What a step, or another work of the engine, came to. Kept until its command is sent. */
export type StepOutcome =
  | {
      readonly kind: 'result';
      readonly status: 'completed' | 'failed' | 'lost';
      readonly output_data: JsonText | null;
      readonly error: JsonText | null;
      readonly duration_ms: number;
    }
  /** Its end comes by another way: of an execution by its event, of a run by a command of its own. */
  | { readonly kind: 'begun' };

type Command<Name> = Extract<AnyCommand, { readonly type: `workflow.${Name & string}` }>;

/** How executors and gateways tell the engine of workflows what its steps came to: whoever sends, the command is the same. */
export const stepAnswers: AnswerKind<WorkflowWork, StepOutcome> = {
  source: 'urn:chorda:service:orchestrator',
  crashPrefix: 'orchestrator',
  commandOf(work, outcome, begun) {
    const command = resultOf(work, outcome, begun);
    return command && { command, subject: command.data.workflow_id };
  },
  begunOf(work, begun) {
    if (!isWorkers(work)) return undefined;
    const command = startedOf(work, begun);
    return { command, subject: command.data.workflow_id };
  },
};

/** A step that a process of the user's does. */
type WorkerStep = Extract<WorkflowWork, { readonly type: 'workflow.step_requested' }>;

function isWorkers(work: WorkflowWork): work is WorkerStep {
  return work.type === 'workflow.step_requested' && work.data.queue === 'workers';
}

/** The command that says that a worker was given a step. */
export function startedOf({ data }: WorkerStep, { worker, begunMs }: Begun): Command<'record_step_started'> {
  const { workflow_id, step_id, attempt_token } = data;
  const started_at = begunMs === null ? null : Math.round(begunMs);
  return { type: 'workflow.record_step_started', data: { workflow_id, step_id, attempt_token, worker, started_at } };
}

/** The command that brings an outcome to the engine; undefined where none is needed. */
function resultOf(work: WorkflowWork, outcome: StepOutcome, begun: Begun): Command<'record_step_result'> | undefined {
  if (work.type === 'workflow.parent_told') {
    const { data } = work;
    return {
      type: 'workflow.record_step_result',
      data: {
        workflow_id: workflowId(data.parent_workflow_id),
        step_id: stepId(data.parent_step_id),
        attempt: 1,
        attempt_token: data.parent_attempt_token,
        status: data.status === 'completed' ? 'completed' : 'failed',
        output_data: data.output_data,
        error: data.error,
        duration_ms: 0,
        ...{ worker: null, started_at: null },
      },
    };
  }
  if (outcome.kind !== 'result' || work.type !== 'workflow.step_requested') return undefined;
  const { workflow_id, step_id, attempt, attempt_token } = work.data;
  const { status, output_data, error, duration_ms } = outcome;
  const given = isWorkers(work) && begun.begunMs !== null;
  return {
    type: 'workflow.record_step_result',
    data: {
      ...{ workflow_id, step_id, attempt, attempt_token, status, output_data, error, duration_ms },
      worker: given ? begun.worker : null,
      started_at: given ? Math.round(begun.begunMs) : null,
    },
  };
}
