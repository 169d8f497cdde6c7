import type { Usage } from './generation.js';

/** Of a plain answer. */
export function usageBody(usage: Usage, showsDetails: boolean): object {
  return { ...counts(usage), prompt_tokens_details: details(usage, showsDetails), completion_tokens_details: null };
}

/** Of a stream, which leaves out what is not shown. */
export function streamUsageBody(usage: Usage, showsDetails: boolean): object {
  return showsDetails ? { ...counts(usage), prompt_tokens_details: details(usage, true) } : counts(usage);
}

function counts({ promptTokens, completionTokens }: Usage): object {
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    completion_tokens: completionTokens,
  };
}

function details({ cachedTokens, createdCacheTokens }: Usage, isShown: boolean): object | null {
  if (!isShown) return null;
  return { cached_tokens: cachedTokens, created_cache_tokens: createdCacheTokens, multimodal_tokens: null };
}
