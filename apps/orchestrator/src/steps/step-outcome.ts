import type { AnyCommand, JsonText, WorkflowWork } from '@chorda/contracts';
import { jsonText, workflowId, stepId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';

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

export const lostStep: StepOutcome = { kind: 'result', status: 'lost', output_data: null, error: null, duration_ms: 0 };

export function completed(output: JsonValue, duration_ms = 0): StepOutcome {
  return { kind: 'result', status: 'completed', output_data: jsonText(output), error: null, duration_ms };
}

export interface StepError {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly status?: number | null;
  readonly details?: JsonValue;
  readonly retriable: boolean;
}

export function failed(error: StepError, duration_ms = 0): StepOutcome {
  const { status = null, details = null, message, ...rest } = error;
  const shown = { ...rest, message: message.slice(0, 2_000), status, details };
  return { kind: 'result', status: 'failed', output_data: null, error: jsonText(shown), duration_ms };
}

/** The command that brings an outcome to the engine; undefined where none is needed. */
export function commandOf(work: WorkflowWork, outcome: StepOutcome): AnyCommand | undefined {
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
      },
    };
  }
  if (outcome.kind !== 'result' || work.type !== 'workflow.step_requested') return undefined;
  const { workflow_id, step_id, attempt, attempt_token } = work.data;
  const { status, output_data, error, duration_ms } = outcome;
  return {
    type: 'workflow.record_step_result',
    data: { workflow_id, step_id, attempt, attempt_token, status, output_data, error, duration_ms },
  };
}
