import { human, map, type BuiltStep } from '../builder/kinds.js';
import { builtOf, machine, workflow, type BuiltWorkflow } from '../builder/workflow.js';
import type { DurationDocument, FlowDocument, WorkflowDocument } from '../document/types.js';

/** START, PROCESSING, REVIEW, APPROVED, ERROR with retry, COMPLETE. */
export interface ProcessingOptions {
  readonly name: string;
  /** What is done in PROCESSING; its output is `context.result`. */
  readonly processing: BuiltStep<unknown>;
  /** Left out: whatever was processed is approved. */
  readonly review?: {
    readonly title: string;
    readonly assignees?: readonly string[];
    readonly expires?: DurationDocument;
  };
  /** What is done in APPROVED, with `context.result`. */
  readonly approved?: BuiltStep<unknown>;
  /** Times that PROCESSING is begun. Default 3. */
  readonly attempts?: number;
  /** Between two of them. Default 30 s. */
  readonly pause?: DurationDocument;
}

export function processingTemplate({ name, processing, approved, ...options }: ProcessingOptions): BuiltWorkflow {
  const { attempts = 3, pause = '30s', review } = options;
  const reviewStep = human(review?.title ?? 'Review', {
    input: '${context.result}',
    fail_on_rejection: false,
    ...(review?.assignees === undefined ? {} : { assignees: review.assignees }),
    ...(review?.expires === undefined ? {} : { expires: review.expires }),
  });
  const failed = { to: 'ERROR', assign: { error: '${error}' } } as const;
  return machine(name, {
    start: 'START',
    context: { attempts: 0, result: null, error: null },
    visits_max: attempts * 5 + 5,
    states: {
      START: { next: 'PROCESSING' },
      PROCESSING: {
        step: processing,
        next: { to: 'REVIEW', assign: { result: '${output}', attempts: '${context.attempts + 1}' } },
        on_error: { ...failed, assign: { ...failed.assign, attempts: '${context.attempts + 1}' } },
      },
      REVIEW:
        review === undefined
          ? { next: 'APPROVED' }
          : {
              step: reviewStep,
              next: [
                { to: 'APPROVED', when: 'output.decision == "approved"' },
                {
                  to: 'ERROR',
                  assign: { error: { class: 'human', code: 'TASK_REJECTED', message: 'It was rejected' } },
                },
              ],
              on_error: failed,
            },
      APPROVED: {
        ...(approved === undefined ? {} : { step: approved, on_error: failed }),
        next: approved === undefined ? 'COMPLETE' : { to: 'COMPLETE', assign: { result: '${output}' } },
      },
      ERROR: {
        after: [{ delay: pause, to: 'PROCESSING', when: `context.attempts < ${attempts}` }],
        next: { to: 'GIVEN_UP', when: `context.attempts >= ${attempts}` },
      },
      COMPLETE: { final: 'completed', output: '${context.result}' },
      GIVEN_UP: { final: 'failed', error: '${context.error}' },
    },
  });
}

export interface SagaStep {
  readonly id: string;
  readonly do: BuiltStep<unknown>;
  /** Undoes it when a later one fails. */
  readonly undo?: BuiltStep<unknown>;
}

/** One after the other; when one fails, those before it are undone in reverse order. */
export function sagaTemplate(name: string, steps: readonly SagaStep[]): BuiltWorkflow {
  const documents = steps.map(({ id, do: step, undo }, index) => {
    const before = steps[index - 1]?.id;
    const { compensate: _own, ...own } = step.document;
    return [
      id,
      {
        ...own,
        on_failure: 'fail',
        ...(before === undefined ? {} : { needs: [before] }),
        ...(undo === undefined ? {} : { compensate: undo.document }),
      },
    ] as const;
  });
  const made: WorkflowDocument = JSON.parse(JSON.stringify({ workflow: name, steps: Object.fromEntries(documents) }));
  return builtOf(made);
}

export interface ApprovalOptions {
  readonly name: string;
  readonly title: string;
  readonly assignees?: readonly string[];
  readonly groups?: readonly string[];
  readonly due?: DurationDocument;
  readonly expires?: DurationDocument;
  /** What is done once it is approved; sees `input`. */
  readonly action: BuiltStep<unknown>;
}

/** Somebody has to say yes before it is done. */
export function approvalTemplate({ name, title, action, ...people }: ApprovalOptions): BuiltWorkflow {
  return workflow(name)
    .step('approval', ({ input }) => human(title, { input, on_failure: 'fail', ...people }))
    .step('approved', { needs: ['approval'] }, () => action)
    .output(({ steps }) => ({ decided_by: steps.approval.output.decided_by, result: steps.approved.output }));
}

export interface MapReduceOptions {
  readonly name: string;
  /** Default: `input.items`. */
  readonly items?: string;
  /** For each item, which is its `input`. */
  readonly map: BuiltStep<unknown>;
  /** Of all results, a list that is its `input`. */
  readonly reduce: BuiltStep<unknown>;
  /** Default 10. */
  readonly window?: number;
  readonly failuresMax?: number;
}

/** The same for each item, and then one thing of all. */
export function mapReduceTemplate({
  name,
  items = 'input.items',
  window = 10,
  failuresMax = 0,
  ...steps
}: MapReduceOptions): BuiltWorkflow {
  const body: FlowDocument = JSON.parse(
    JSON.stringify({ steps: { each: steps.map.document }, output: '${steps.each.output}' }),
  );
  return workflow(name)
    .step('mapped', () => map(`\${${items}}`, body, { window, failures_max: failuresMax }))
    .step('reduced', { needs: ['mapped'] }, ({ steps: seen }) => ({
      document: { ...steps.reduce.document, input: seen.mapped.output },
    }))
    .output(({ steps: seen }) => seen.reduced.output);
}
