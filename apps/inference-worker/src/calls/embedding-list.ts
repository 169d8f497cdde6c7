import type { JsonValue } from '@chorda/kernel';
import type { Asked } from '../worker/job.js';
import { isObject, type JsonObject, type Usage } from './answer-assembly.js';
import type { ModelAnswer } from './model-client.js';

/** Requests for vectors that share a call; apart from their text they ask for the same. */
type Sharers = readonly { readonly asked: Asked }[];

/** One body for all of them. */
export function gatheredBody(sharers: Sharers): JsonObject {
  const [first] = sharers;
  return { ...first?.asked.body, input: sharers.map(({ asked }) => asked.body['input'] ?? '') };
}

/** The answer to each of them, as if it had been asked alone; undefined: there are not as many vectors as texts. */
export function sharesOf(sharers: Sharers, answer: ModelAnswer): readonly ModelAnswer[] | undefined {
  if (sharers.length === 1) return [answer];
  const { data, ...rest } = answer.body;
  const vectors = new Map<number, JsonObject>();
  for (const vector of Array.isArray(data) ? data : []) {
    if (isObject(vector) && typeof vector['index'] === 'number') vectors.set(vector['index'], vector);
  }
  if (vectors.size !== sharers.length) return undefined;
  const usages = shareUsage(sharers, answer.usage);
  return sharers.map((_, index) => {
    const usage = usages?.[index];
    const own: JsonValue[] = [{ ...vectors.get(index), index: 0 }];
    const told = usage && { prompt_tokens: usage.promptTokens, total_tokens: usage.promptTokens };
    return { ...answer, usage, body: { ...rest, data: own, ...(told && { usage: told }) } };
  });
}

/** By the length of their texts, so that the shares make up what the server counted. */
function shareUsage(sharers: Sharers, usage: Usage | undefined): readonly Usage[] | undefined {
  if (!usage) return undefined;
  const lengths = sharers.map(({ asked }) => Math.max(1, String(asked.body['input']).length));
  let [lengthLeft, tokensLeft] = [lengths.reduce((sum, each) => sum + each, 0), usage.promptTokens];
  return lengths.map((length) => {
    const promptTokens = Math.round((tokensLeft * length) / lengthLeft);
    lengthLeft -= length;
    tokensLeft -= promptTokens;
    return { promptTokens, cachedPromptTokens: 0, completionTokens: 0 };
  });
}
