import { jsonValue, type JsonText, type JsonValue } from '@chorda/contracts';
import type { KnownAgent } from './agent.js';
import type { RunningExecution } from './execution.js';
import { messageBytes } from './message-bytes.js';
import { leftUsd, picodollars, usdOf } from './usd.js';

/** Stands in prices for the model that is asked where an agent names none. */
export const defaultModel = '';

/** US dollars for a million tokens, by model. */
export type ModelPrices = Readonly<Record<string, { readonly prompt: string; readonly completion: string }>>;

/** What a turn may use at most: kept back from the budget until its answer says what it used. */
export interface Reservation {
  /** Of prompt and answer together. */
  readonly tokens: number;
  readonly completionTokensMax: number;
  /** Null where the model has no price. */
  readonly costUsd: string | null;
}

/** What roles and separators of a chat template add to each message, at most. */
const messageTokensMax = 16;

/**
 * The worst case of the next turn, or why the budget has no room for it. A token has at least one byte, so that what a
 * model was not told before counts a token a byte; what it was told before was counted by its server.
 */
export function reserveTurn(
  execution: RunningExecution,
  agent: Pick<KnownAgent, 'definition' | 'tools'>,
  messages: readonly JsonValue[],
  prices: ModelPrices,
): Reservation | { readonly lack: string } {
  const { limits, usage } = execution;
  const left = limits.tokensMax - usage.promptTokens - usage.completionTokens;
  const prompt = promptTokensMax(execution, agent, messages);
  const answer = Math.min(left - prompt, answerTokensMax(agent.definition.config));
  if (answer < 1) {
    return { lack: `The next turn may need ${prompt + 1} tokens and more; ${Math.max(0, left)} are left` };
  }
  const model = execution.answeredBy ?? execution.model ?? defaultModel;
  const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
  if (price === undefined) return { tokens: prompt + answer, completionTokensMax: answer, costUsd: null };
  const promptCost = BigInt(prompt) * picodollars(price.prompt);
  const perToken = picodollars(price.completion);
  const leftCost = limits.costUsdMax === null ? null : leftUsd(limits.costUsdMax, usage.costUsd);
  const affordable = leftCost === null || perToken === 0n ? null : (leftCost - promptCost) / perToken;
  if ((affordable !== null && affordable < 1n) || (leftCost !== null && leftCost < promptCost)) {
    return { lack: `The next turn may cost more than is left of ${limits.costUsdMax} US dollars` };
  }
  const paid = affordable !== null && affordable < BigInt(answer) ? Number(affordable) : answer;
  const costUsd = usdOf(promptCost + BigInt(paid) * perToken);
  return { tokens: prompt + paid, completionTokensMax: paid, costUsd };
}

function promptTokensMax(
  { turns }: RunningExecution,
  { tools }: Pick<KnownAgent, 'tools'>,
  messages: readonly JsonValue[],
): number {
  const inBytes = tokensOf(messages) + (tools.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(tools)));
  const last = turns.at(-1);
  if (last === undefined || last.promptTokens === 0) return inBytes;
  const told = last.promptTokens + last.completionTokens;
  return Math.min(inBytes, told + tokensOf(messages.slice(messages.length - last.calls.length)));
}

function tokensOf(messages: readonly JsonValue[]): number {
  return messageBytes(messages) + messages.length * messageTokensMax;
}

/** What the agent's own settings let a turn generate. */
function answerTokensMax(config: JsonText | null): number {
  const settings = config === null ? null : jsonValue(config);
  const isObject = typeof settings === 'object' && settings !== null && 'max_tokens' in settings;
  const most = isObject ? settings['max_tokens'] : undefined;
  return typeof most === 'number' && Number.isInteger(most) && most > 0 ? most : Infinity;
}
