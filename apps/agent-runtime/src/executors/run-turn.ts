import { jsonText, jsonValue, type agentWork, type JsonText } from '@chorda/contracts';
import type { WorkOutcome } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { timeForWorkMs } from '@chorda/work';
import { SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { z } from 'zod';
import { ModelError } from '../model/model-errors.js';
import type { ChatAnswer, ChatRequest, ModelPort } from '../model/model-port.js';
import { costOf, type ModelPrices } from '../model/model-prices.js';
import type { ExecutorMetrics } from './executor-metrics.js';
import type { Assignment } from './work-runner.js';

export interface TurnLimits {
  /** Tokens that a turn may generate; undefined: as many as the model's context has room for. */
  readonly completionTokensMax: number | undefined;
}

export interface TurnParts extends TurnLimits {
  readonly model: ModelPort;
  readonly prices: ModelPrices;
  readonly metrics: Pick<ExecutorMetrics, 'tokens'>;
}

/** Of a record with the answer, 1 MiB may be written; the domain takes less, and says so itself. */
const answerBytesMax = 900_000;
/** A budget beyond any context is none, and servers refuse a request that asks for more than their context holds. */
const tokensWorthSaying = 8_192;

/** Settings of an agent that are meant for its model; what else is in there is not ours. */
const settings = z.object({
  temperature: z.number().min(0).max(2).optional().catch(undefined),
  top_p: z.number().min(0).max(1).optional().catch(undefined),
  seed: z.int().optional().catch(undefined),
  max_tokens: z.int().min(1).optional().catch(undefined),
  response_schema: z.record(z.string(), z.json()).optional().catch(undefined),
  priority: z.enum(['high', 'normal', 'low']).optional().catch(undefined),
});
const messagesOf = z.array(z.record(z.string(), z.json())).min(1);

/** Asks the model for the next step of an execution, once: the engine says whether it is asked again. */
export async function runTurn(parts: TurnParts, assignment: Assignment<agentWork.TurnRequested>): Promise<WorkOutcome> {
  const startedMs = performance.now();
  const durationMs = () => Math.round(performance.now() - startedMs);
  return inSpan(assignment, async (span) => {
    try {
      const answer = await parts.model.chat(requestOf(parts, assignment.work), {
        signal: assignment.signal,
        timeoutMs: timeForWorkMs(assignment.leftMs),
        requestId: assignment.work.data.attempt_token,
      });
      describe(span, parts, answer);
      return turnOf(parts, answer, durationMs());
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', error.code);
      return turnFailed(error, durationMs());
    }
  });
}

export function turnFailed(error: ModelError, duration_ms: number): WorkOutcome {
  return {
    kind: 'turn_failure',
    error_code: error.code,
    reason: error.message,
    is_retriable: error.retriable,
    retry_after_ms: error.retryAfterMs ?? null,
    duration_ms,
  };
}

/** How urgent the settings of the agent say that it is. */
export function priorityOf({ data: { config } }: agentWork.TurnRequested): 'high' | 'normal' | 'low' {
  return settingsOf(config).priority ?? 'normal';
}

function settingsOf(config: JsonText | null) {
  return settings.catch({}).parse(config === null ? {} : jsonValue(config));
}

/** What the model is asked, as the settings of the agent and what is left to it allow. */
export function requestOf(parts: TurnLimits, { data }: agentWork.TurnRequested): ChatRequest {
  const given = settingsOf(data.config);
  const most = given.max_tokens ?? parts.completionTokensMax ?? Infinity;
  const left = data.completion_tokens_max ?? Infinity;
  const tokensMax = Math.min(most, left > tokensWorthSaying ? Infinity : left);
  return {
    messages: messagesOf.parse(jsonValue(data.messages)),
    tools: data.tools.map(({ name, description, parameters }) => ({
      name,
      ...(description !== null && { description }),
      ...(parameters !== null && { parameters: jsonValue(parameters) }),
    })),
    ...(data.model !== null && { model: data.model }),
    ...(Number.isFinite(tokensMax) && { completionTokensMax: Math.max(1, tokensMax) }),
    ...(given.temperature !== undefined && { temperature: given.temperature }),
    ...(given.top_p !== undefined && { topP: given.top_p }),
    ...(given.seed !== undefined && { seed: given.seed }),
    ...(given.response_schema && { responseSchema: { name: 'answer', schema: given.response_schema } }),
  };
}

function turnOf({ prices }: TurnParts, answer: ChatAnswer, duration_ms: number): WorkOutcome {
  const tool_calls: JsonValue = answer.toolCalls.map(({ id, name, arguments: given }) => ({
    id,
    name,
    arguments: given,
  }));
  const output_data = jsonText({ content: answer.content, tool_calls });
  if (Buffer.byteLength(output_data) > answerBytesMax) {
    const reason = `The answer of the model has more than ${answerBytesMax} bytes`;
    const error_code = 'MODEL_ANSWER_TOO_LARGE';
    return { kind: 'turn_failure', error_code, reason, is_retriable: false, retry_after_ms: null, duration_ms };
  }
  return {
    kind: 'turn',
    request_id: null,
    model: answer.model,
    output_data,
    finish_reason: answer.finishReason,
    prompt_tokens: answer.usage.promptTokens,
    cached_prompt_tokens: answer.usage.cachedPromptTokens,
    completion_tokens: answer.usage.completionTokens,
    cost_usd: costOf(prices, answer.model, answer.usage),
    duration_ms,
  };
}

/** Names of the OpenTelemetry conventions for generative AI. Neither prompt nor answer is put into a span. */
async function inSpan<Answer>(
  { work: { data } }: Assignment<agentWork.TurnRequested>,
  ask: (span: Span) => Promise<Answer>,
): Promise<Answer> {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.agent.id': data.agent_id,
    ...(data.model !== null && { 'gen_ai.request.model': data.model }),
    ...(data.session_id !== null && { 'gen_ai.conversation.id': data.session_id }),
    'chorda.execution.id': data.execution_id,
  };
  const name = data.model === null ? 'chat' : `chat ${data.model}`;
  return trace.getTracer('chorda').startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      return await ask(span);
    } finally {
      span.end();
    }
  });
}

function describe(span: Span, { metrics }: TurnParts, { id, model, finishReason, usage }: ChatAnswer): void {
  span.setAttributes({
    'gen_ai.response.id': id,
    'gen_ai.response.model': model,
    'gen_ai.response.finish_reasons': [finishReason],
    'gen_ai.usage.input_tokens': usage.promptTokens,
    'gen_ai.usage.output_tokens': usage.completionTokens,
  });
  metrics.tokens.inc({ model, kind: 'prompt' }, usage.promptTokens);
  metrics.tokens.inc({ model, kind: 'cached_prompt' }, usage.cachedPromptTokens);
  metrics.tokens.inc({ model, kind: 'completion' }, usage.completionTokens);
}
