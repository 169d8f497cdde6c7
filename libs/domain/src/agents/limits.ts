import type { agent } from '@chorda/contracts';
import { isMoreUsd } from './usd.js';

/** What an execution may use at most, nothing left open but the cost. */
export interface Limits {
  readonly executionTimeMsMax: number;
  readonly turnsMax: number;
  readonly tokensMax: number;
  /** US dollars; null: not limited. */
  readonly costUsdMax: string | null;
}

const defaultLimits: Limits = {
  // What the guardrails of the framework allow an execution.
  executionTimeMsMax: 5 * 60_000,
  turnsMax: 20,
  tokensMax: 1_000_000,
  costUsdMax: null,
};

/** However long somebody wants to wait: an execution ends within a day. */
export const executionTimeMsMax = 86_400_000;
/** Each turn sends the whole conversation anew, so that turns cost more than their number. */
export const turnsMax = 200;
export const tokensMax = 100_000_000;
/** Executions of an agent at once: all of them are cancelled in one turn of the engine when it is terminated. */
export const concurrencyMax = 200;

/** A model call that takes longer is given up and asked again. */
export const turnTimeMsMax = 120_000;
export const turnAttemptsMax = 5;
const retryMsMin = 1_000;
const retryMsMax = 60_000;

/** How long whoever took work may be silent before it is thought lost. */
export const leaseMs = 15_000;
/** For the works on an agent itself. */
export const checkTimeMsMax = 30_000;
export const checkAttemptsMax = 3;

export const toolTimeMsDefault = 30_000;
export const toolTimeMsMax = 3_600_000;
export const toolAttemptsMax = 3;
export const callsPerTurnMax = 16;
/** The same tool with the same arguments so often among the latest calls: the model has lost its way. */
export const loopRepeats = 3;
export const loopWindow = 12;

/** Of JSON text, each. Input, answers and results are sent to the model anew with every turn. */
export const inputBytesMax = 256 * 1024;
export const resultBytesMax = 128 * 1024;
/** Of a model's answer: the fact at the end holds it and the input. */
export const answerBytesMax = 512 * 1024;
/** Of all tools of an agent, with the schemas of their arguments, and of its settings: each turn sends them. */
export const toolBytesMax = 128 * 1024;
export const configBytesMax = 32 * 1024;
export const instructionBytesMax = 64 * 1024;
export const toolsMax = 64;
/** Of a whole conversation as it travels; a record has at most 1 MiB and holds the tools and more beside it. */
export const contextInlineBytesMax = 640 * 1024;
/** With what it refers to: all of it goes to the model in one record. */
export const contextBytesMax = 768 * 1024;
/** Of what a session remembers, and of what a retry goes on with. */
export const historyBytesMax = 256 * 1024;
export const historyMessagesMax = 50;

/** Of an entry of a session's memory, and of all of them: `context` is told to the model anew with every turn. */
export const memoryEntryBytesMax = 16 * 1024;
export const memoryBytesMax = 100 * 1024;
export const memoryEntriesMax = 256;

export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The agent's own limits, tightened by those of one execution. */
export function limitsOf(own: agent.ExecutionLimits | null, asked: agent.ExecutionLimits | null): Limits {
  const least = (name: 'execution_time_ms_max' | 'turns_max' | 'tokens_max', otherwise: number, most: number) =>
    Math.min(own?.[name] ?? otherwise, asked?.[name] ?? Infinity, most);
  return {
    executionTimeMsMax: least('execution_time_ms_max', defaultLimits.executionTimeMsMax, executionTimeMsMax),
    turnsMax: least('turns_max', defaultLimits.turnsMax, turnsMax),
    tokensMax: least('tokens_max', defaultLimits.tokensMax, tokensMax),
    costUsdMax: leastCost(own?.cost_usd_max ?? null, asked?.cost_usd_max ?? null),
  };
}

function leastCost(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return isMoreUsd(one, other) ? other : one;
}

/** Milliseconds before a model is asked again after `attempt` tries: doubled each time, or what its server asked for. */
export function retryMs(attempt: number, askedMs: number | null): number {
  const own = retryMsMin * 2 ** (attempt - 1);
  return Math.min(Math.max(own, askedMs ?? 0), retryMsMax);
}
