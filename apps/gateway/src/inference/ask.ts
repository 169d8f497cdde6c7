import {
  agentId,
  executionId,
  requestId,
  sessionId,
  stepId,
  userId,
  workflowId,
  type EventData,
  type JsonText,
} from '@chorda/contracts';

export const priorities = ['high', 'normal', 'low'] as const;
export type AskPriority = (typeof priorities)[number];

export const operations = ['chat_completion', 'completion', 'embedding'] as const;
export type InferenceOperation = (typeof operations)[number];

/** On whose behalf, how urgently and within which limits a request is made. */
export interface AskTerms {
  readonly priority?: AskPriority | undefined;
  /** From door to outcome. */
  readonly deadline_ms?: number | undefined;
  readonly session_id?: string | undefined;
  readonly user_id?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly execution_id?: string | undefined;
  readonly workflow_id?: string | undefined;
  readonly step_id?: string | undefined;
  readonly tokens_max?: number | undefined;
  readonly cost_usd_max?: string | undefined;
  readonly attempts_max?: number | undefined;
}

/** A model call that somebody wants. */
export interface Ask {
  readonly requestId: string;
  readonly operation: InferenceOperation;
  readonly model: string;
  readonly inputData: JsonText;
  readonly stream: boolean;
  readonly completionTokensMax: number | null;
  readonly prefixKey: string | null;
  readonly terms: AskTerms;
}

const orNull = <Made>(make: (text: string) => Made, text: string | undefined): Made | null =>
  text === undefined ? null : make(text);

/** @throws {@link InvalidInputError} for an id that is none. */
export function requestedData(ask: Ask, deadlineAtMs: number, requestedBy: string): EventData<'inference.requested'> {
  const { terms } = ask;
  return {
    request_id: requestId(ask.requestId),
    session_id: orNull(sessionId, terms.session_id),
    user_id: orNull(userId, terms.user_id),
    agent_id: orNull(agentId, terms.agent_id),
    execution_id: orNull(executionId, terms.execution_id),
    workflow_id: orNull(workflowId, terms.workflow_id),
    step_id: orNull(stepId, terms.step_id),
    operation: ask.operation,
    model: ask.model,
    priority: terms.priority ?? 'normal',
    input_data: ask.inputData,
    stream: ask.stream,
    max_completion_tokens: ask.completionTokensMax,
    prefix_key: ask.prefixKey,
    deadline_at: deadlineAtMs,
    requested_by: requestedBy,
    tokens_max: terms.tokens_max ?? null,
    cost_usd_max: terms.cost_usd_max ?? null,
    attempts_max: terms.attempts_max ?? null,
    reply_to: null,
  };
}
