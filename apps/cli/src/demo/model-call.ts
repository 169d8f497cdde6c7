import type { JsonValue } from '@chorda/kernel';
import type { Cause, Day } from './day.js';
import type { Work } from './execution.js';
import type { Gate } from './schedule.js';
import type { Agent } from './staff.js';
import { messageText } from './text.js';

export interface Usage {
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
  /** Billionths of a US dollar: sums of money are sums of whole numbers. */
  readonly costNanoUsd: number;
}

export const noUsage: Usage = { promptTokens: 0, cachedPromptTokens: 0, completionTokens: 0, costNanoUsd: 0 };

export interface ModelAnswer {
  readonly requestId: string;
  readonly output: JsonValue;
  readonly usage: Usage;
  readonly durationMs: number;
}

/** Billionths of a US dollar a token, prompt and completion; a cached prompt token costs a tenth. */
const prices: Readonly<Record<string, readonly [number, number]>> = {
  'llama-3.3-70b': [590, 790],
  'qwen-2.5-32b': [290, 390],
  'llama-3.1-8b': [50, 80],
};
const bytesOfToken = 4.3;

/** One call of a model, retried once where the first server fails. Every attempt is accounted. */
export function* modelCall(
  day: Day,
  agent: Agent,
  asked: { readonly executionId: string; readonly work: Work; readonly cause: Cause },
): Generator<number | Gate, ModelAnswer, undefined> {
  const { random } = day;
  const model = agent.role.model;
  const requestId = day.newId('req');
  const who = {
    request_id: requestId,
    session_id: asked.work.sessionId,
    user_id: asked.work.userId,
    agent_id: agent.id,
    execution_id: asked.executionId,
    ...(asked.work.metadata === undefined ? {} : { workflow_id: asked.work.metadata.workflow_id }),
  };
  const place = { provider: 'vllm', model, replica: `vllm-${random.between(0, 3)}` };
  const text = messageText(random, 500);
  const usage = usageOf(day, model, text.length);
  const inferenceMs = 120 + usage.completionTokens * random.logNormal(18, 0.2);
  const attempts = random.chance(0.04) ? 2 : 1;
  if (attempts === 2) {
    yield 2_000;
    const lost = { ...noUsage, promptTokens: usage.promptTokens };
    day.emit('inference.usage_recorded', requestId, asked.cause, {
      ...who,
      ...place,
      attempt: 1,
      status: 'failed',
      duration_ms: 2_000,
      ...usageData(lost),
      // A server that hung up told nothing: the prompt was counted here.
      estimated: true,
    });
  }
  yield inferenceMs;
  const durationMs = Math.floor(inferenceMs);
  const causationId = day.emit('inference.completed', requestId, asked.cause, {
    ...who,
    ...place,
    output_data: { role: 'assistant', content: text },
    finish_reason: 'stop',
    ...usageData(usage),
    attempts,
    queue_time_ms: Math.floor(random.exponential(40)),
    time_to_first_token_ms: Math.floor(random.logNormal(140, 0.4)),
    inference_time_ms: durationMs,
  });
  day.emit(
    'inference.usage_recorded',
    requestId,
    { ...asked.cause, causationId },
    { ...who, ...place, attempt: attempts, status: 'completed', duration_ms: durationMs, ...usageData(usage) },
  );
  return { requestId, output: { role: 'assistant', content: text }, usage, durationMs };
}

export function plus(left: Usage, right: Usage): Usage {
  return {
    promptTokens: left.promptTokens + right.promptTokens,
    cachedPromptTokens: left.cachedPromptTokens + right.cachedPromptTokens,
    completionTokens: left.completionTokens + right.completionTokens,
    costNanoUsd: left.costNanoUsd + right.costNanoUsd,
  };
}

export function usageData(usage: Usage) {
  return {
    prompt_tokens: usage.promptTokens,
    cached_prompt_tokens: usage.cachedPromptTokens,
    completion_tokens: usage.completionTokens,
    cost_usd: `${Math.floor(usage.costNanoUsd / 1e9)}.${String(usage.costNanoUsd % 1e9).padStart(9, '0')}`,
  };
}

function usageOf(day: Day, model: string, answerBytes: number): Usage {
  const { random } = day;
  const promptTokens = Math.round(Math.min(60_000, random.logNormal(1_400, 0.7)));
  const cachedPromptTokens = random.chance(0.6) ? Math.floor(promptTokens * 0.7) : 0;
  const completionTokens = Math.ceil(answerBytes / bytesOfToken);
  const [prompt, completion] = prices[model] ?? [0, 0];
  const full = (promptTokens - cachedPromptTokens) * prompt + completionTokens * completion;
  return { promptTokens, cachedPromptTokens, completionTokens, costNanoUsd: full + cachedPromptTokens * (prompt / 10) };
}
