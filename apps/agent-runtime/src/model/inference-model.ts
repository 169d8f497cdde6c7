import { jsonValue, type inference } from '@chorda/contracts';
import { BackboneError, derivedId, type JsonValue } from '@chorda/kernel';
import { NoModelError, NoWorkerError, type ModelAsk, type ModelAsks } from '@chorda/work';
import {
  ModelAbortedError,
  ModelAnswerUnusableError,
  ModelContextTooLongError,
  ModelOverloadedError,
  ModelRateLimitedError,
  ModelRefusedError,
  ModelTimedOutError,
  ModelUnavailableError,
  ModelUnknownError,
  type ModelError,
} from './model-errors.js';
import type {
  AskOptions,
  ChatAnswer,
  ChatRequest,
  CompletionAnswer,
  CompletionRequest,
  EmbeddingAnswer,
  EmbeddingRequest,
  ModelPort,
} from './model-port.js';
import { chatInput, completionInput, embeddingInput } from './openai-model.js';
import type { ModelOutcome, OutcomeWatch } from './outcome-watch.js';

interface InferenceModelParts {
  readonly asks: ModelAsks;
  readonly outcomes: OutcomeWatch;
  readonly offered: { models(): Promise<readonly { readonly model: string }[]> };
}

type Completed = inference.Completed['data'];
type JsonObject = { readonly [name: string]: JsonValue };

/**
 * Models as inference workers answer for them: a question is a request on the log, with a deadline, an outcome and its
 * cost. For tools, whose call is under way while they ask; a turn of an execution is answered by a command.
 */
export class InferenceModel implements ModelPort {
  constructor(private readonly parts: InferenceModelParts) {}

  async chat(request: ChatRequest, options: AskOptions): Promise<ChatAnswer> {
    const completed = await this.ask('chat_completion', request.model, chatInput(request), options);
    const choice = firstOf(bodyOf(completed)['choices']);
    const message = objectOf(choice['message']);
    const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : [];
    return {
      ...answerOf(completed),
      content: typeof message['content'] === 'string' ? message['content'] : null,
      toolCalls: calls.map(objectOf).map((call) => {
        const called = objectOf(call['function']);
        return { id: textOf(call['id']), name: textOf(called['name']), arguments: textOf(called['arguments']) };
      }),
      finishReason: completed.finish_reason,
    };
  }

  async complete(request: CompletionRequest, options: AskOptions): Promise<CompletionAnswer> {
    const completed = await this.ask('completion', request.model, completionInput(request), options);
    const choice = firstOf(bodyOf(completed)['choices']);
    return { ...answerOf(completed), text: textOf(choice['text']), finishReason: completed.finish_reason };
  }

  async embed(request: EmbeddingRequest, options: AskOptions): Promise<EmbeddingAnswer> {
    const completed = await this.ask('embedding', request.model, embeddingInput(request), options);
    const { data } = bodyOf(completed);
    const rows = (Array.isArray(data) ? data.map(objectOf) : []).toSorted(
      (one, other) => Number(one['index']) - Number(other['index']),
    );
    const vectors = rows.map(({ embedding }) => (Array.isArray(embedding) ? embedding.map(Number) : []));
    if (vectors.length !== request.texts.length) {
      throw new ModelAnswerUnusableError(`it has ${vectors.length} vectors for ${request.texts.length} texts`);
    }
    return { ...answerOf(completed), vectors };
  }

  async models({ signal }: AskOptions): Promise<readonly string[]> {
    signal.throwIfAborted();
    try {
      return (await this.parts.offered.models()).map(({ model }) => model);
    } catch (error) {
      throw new ModelUnavailableError('cannot be asked: what workers offer is not known', { cause: error });
    }
  }

  private async ask(
    operation: ModelAsk['operation'],
    model: string | undefined,
    input: object,
    { signal, timeoutMs, onBehalf }: AskOptions,
  ): Promise<Completed> {
    if (!onBehalf) throw new TypeError('A question over the log says on whose behalf it is asked');
    const { attemptToken, ...behalf } = onBehalf;
    const requestId = derivedId(behalf.tenantId, attemptToken, 'model');
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      await this.parts.asks.ask({
        ...{ ...behalf, requestId, operation, model: model ?? null, completionTokensMax: null, replyTo: null },
        // Texts, numbers and lists of them alone.
        input: JSON.parse(JSON.stringify(input)),
        deadlineAtMs: Date.now() + timeoutMs,
      });
      const outcome = await this.parts.outcomes.of(behalf.tenantId, requestId, AbortSignal.any([signal, timeout]));
      if (outcome.type === 'inference.completed') return outcome.data;
      throw errorOf(outcome, model ?? '', timeoutMs);
    } catch (error) {
      if (!signal.aborted && !timeout.aborted) throw notAsked(error);
      // Nobody waits for the answer any more, and its server need not go on with it.
      const { tenantId, metadata } = behalf;
      const reason = signal.aborted ? 'The call was given up' : 'It took too long';
      await this.parts.asks.cancel({ tenantId, metadata, requestId, reason }).catch(() => undefined);
      throw signal.aborted
        ? new ModelAbortedError({ cause: error })
        : new ModelTimedOutError(timeoutMs, { cause: error });
    }
  }
}

/** What kept a question from the log, in the words of models. */
export function notAsked(error: unknown): unknown {
  if (error instanceof NoModelError) return new ModelUnavailableError(`is not known: ${error.message}`);
  if (error instanceof NoWorkerError) return new ModelUnavailableError(`cannot be asked: ${error.message}`);
  if (!(error instanceof BackboneError)) return error;
  if (error.code === 'EVENT_TOO_LARGE' || error.code === 'RECORD_TOO_LARGE') {
    return new ModelContextTooLongError({ cause: error });
  }
  if (error.code === 'INVALID_EVENT' || error.code === 'INVALID_INPUT') {
    return new ModelRefusedError(400, undefined, { cause: error });
  }
  return error;
}

function errorOf(outcome: Exclude<ModelOutcome, inference.Completed>, model: string, timeoutMs: number): ModelError {
  if (outcome.type === 'inference.expired') return new ModelTimedOutError(timeoutMs);
  if (outcome.type === 'inference.cancelled') return new ModelAbortedError();
  const { error_code: code, http_status: status, retry_after_ms: retryAfterMs } = outcome.data;
  switch (code) {
    case 'RATE_LIMITED':
      return new ModelRateLimitedError(retryAfterMs ?? undefined);
    case 'PROVIDER_UNAVAILABLE':
      return new ModelOverloadedError(status ?? 503, retryAfterMs ?? undefined);
    case 'MODEL_NOT_FOUND':
      return new ModelUnknownError(model);
    case 'CONTEXT_LENGTH_EXCEEDED':
      return new ModelContextTooLongError();
    case 'OUTPUT_TOO_LARGE':
      return new ModelAnswerUnusableError('it is too long');
    default:
      return (status ?? 500) >= 500
        ? new ModelUnavailableError(`failed (${code})`)
        : new ModelRefusedError(status ?? 400, undefined);
  }
}

function answerOf({ request_id, model, provider, ...data }: Completed) {
  return {
    id: request_id,
    model,
    usage: {
      promptTokens: data.prompt_tokens,
      cachedPromptTokens: data.cached_prompt_tokens,
      completionTokens: data.completion_tokens,
    },
    isSimulated: provider === 'simulator',
  };
}

function bodyOf({ output_data }: Completed): JsonObject {
  return objectOf(jsonValue(output_data));
}

/** @throws ModelAnswerUnusableError */
function firstOf(choices: JsonValue | undefined): JsonObject {
  if (!Array.isArray(choices) || choices.length === 0) throw new ModelAnswerUnusableError('it has no choice');
  return objectOf(choices[0]);
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
