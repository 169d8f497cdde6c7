import { jsonValue } from '@chorda/contracts';
import { createHash } from 'node:crypto';
import type { JsonValue } from '@chorda/kernel';
import { isObject, type JsonObject } from '../calls/answer-assembly.js';
import type { Operation } from '../calls/model-client.js';
import type { TokenEstimates } from '../scheduling/token-estimate.js';
import type { Asked, ReceivedRequest } from './job.js';

/** Texts of embeddings that may share a call. Longer lists of one request go as they came. */
const gatheredBytesMax = 64 * 1024;
const operations: readonly string[] = ['chat_completion', 'completion', 'embedding'] satisfies Operation[];

/** What a request asks for, or why nobody can answer it. */
export function readBody({ data, bytes }: ReceivedRequest, estimates: TokenEstimates): Asked | string {
  if (!isOperation(data.operation)) return `operation must be one of ${operations.join(', ')}`;
  const body: JsonValue = jsonValue(data.input_data);
  if (!isObject(body)) return 'input_data must be an object';
  const limit = wholeNumber(data.max_completion_tokens ?? body['max_completion_tokens'] ?? body['max_tokens']);
  const { operation } = data;
  return {
    operation,
    body: operation === 'embedding' ? body : withLimit(body, operation, data.max_completion_tokens),
    sequences: sequencesOf(operation, body),
    promptTokens: estimates.promptTokens(bytes),
    completionTokensMax: operation === 'embedding' ? 0 : limit,
    gatherKey: operation === 'embedding' ? gatherKeyOf(body) : undefined,
  };
}

/** The name that each of the two APIs has for the limit; what a server does not know it would refuse. */
export function withLimit(body: JsonObject, operation: Operation, limit: number | null | undefined): JsonObject {
  if (limit === null || limit === undefined) return body;
  const { max_tokens: older, max_completion_tokens: newer, ...rest } = body;
  if (operation === 'completion' || (older !== undefined && newer === undefined)) return { ...rest, max_tokens: limit };
  return { ...rest, max_completion_tokens: limit };
}

function sequencesOf(operation: Operation, body: JsonObject): number {
  const given = body[operation === 'embedding' ? 'input' : 'prompt'];
  // A list of numbers is one prompt, as tokens.
  const inputs = Array.isArray(given) && typeof given[0] !== 'number' ? Math.max(1, given.length) : 1;
  return inputs * (operation === 'embedding' ? 1 : (wholeNumber(body['n']) ?? 1));
}

function gatherKeyOf({ input, ...rest }: JsonObject): string | undefined {
  if (typeof input !== 'string' || input.length > gatheredBytesMax) return undefined;
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1))))
    .digest('hex');
}

function wholeNumber(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function isOperation(text: string): text is Operation {
  return operations.includes(text);
}
