import { jsonValue } from '@chorda/contracts';
import { BackboneError, newId, type JsonValue } from '@chorda/kernel';
import { isPlanted } from '@chorda/platform';
import { timeForWorkMs, type ModelAsks } from '@chorda/work';
import { membersOf } from './members-of.js';
import { failed, type StepOutcome } from './step-outcome.js';
import type { StepAssignment } from './step-runner.js';

/**
 * Asks a model through the log. The answer comes to the run as a command of its own, from whoever gave it; a repeat of
 * the work is the same request.
 */
export async function beginLlm(asks: Pick<ModelAsks, 'ask'>, assignment: StepAssignment): Promise<StepOutcome> {
  const { work, tenantId, leftMs, metadata } = assignment;
  const { workflow_id, step_id, attempt, attempt_token, user_id } = work.data;
  const settings = membersOf(jsonValue(work.data.settings));
  const { model = null, tokens_max: tokensMax = null } = settings;
  const schema = settings['answer_schema'] ?? null;
  const answer = schema === null ? 'text' : 'json';
  try {
    await asks.ask({
      ...{ tenantId, metadata, operation: 'chat_completion' },
      requestId: isPlanted('models-key-per-try') ? newId() : attempt_token,
      model: typeof model === 'string' ? model : null,
      input: bodyOf(settings, jsonValue(work.data.input_data)),
      completionTokensMax: typeof tokensMax === 'number' ? tokensMax : null,
      deadlineAtMs: Date.now() + timeForWorkMs(leftMs),
      origin: { workflow_id, step_id, user_id, session_id: null, agent_id: null, execution_id: null },
      replyTo: {
        commandType: 'workflow.record_step_result',
        subject: workflow_id,
        context: { workflow_id, step_id, attempt, attempt_token, answer },
      },
    });
  } catch (error) {
    // What is wrong with the request is wrong with it the next time too; what is wrong with servers may be over by then.
    if (!(error instanceof BackboneError)) throw error;
    const { code, message, retriable } = error;
    return failed({ class: 'llm', code, message, retriable });
  }
  return { kind: 'begun' };
}

function bodyOf(settings: { readonly [name: string]: JsonValue }, input: JsonValue): JsonValue {
  const { instructions = null, temperature = null, answer_schema: schema = null } = settings;
  const said = messagesOf(input);
  const messages =
    instructions === null ? said : [{ role: 'system', content: textOf(instructions) } satisfies JsonValue, ...said];
  return {
    messages,
    ...(temperature !== null && { temperature }),
    ...(schema !== null && { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }),
  };
}

/** A list of messages as the chat API has them, or a prompt; what is neither is shown to the model as JSON. */
function messagesOf(input: JsonValue): readonly JsonValue[] {
  const isMessage = (one: JsonValue): boolean => typeof membersOf(one)['role'] === 'string';
  if (Array.isArray(input) && input.length > 0 && input.every(isMessage)) return input;
  return [{ role: 'user', content: textOf(input) }];
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
