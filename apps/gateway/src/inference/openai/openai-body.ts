import { jsonText } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { IncomingHttpHeaders } from 'node:http';
import { parseExactJson } from '../../http/exact-json.js';
import { Problem } from '../../http/problem.js';
import type { Ask, InferenceOperation } from '../ask.js';
import { foreignMetadata, readTerms } from '../ask-terms.js';

type Body = Readonly<Record<string, unknown>>;

/** What an answer has to look like. */
export interface OpenAiAsk extends Ask {
  /** Whether the client wants the chunk with usage at the end of its stream. */
  readonly wantsUsage: boolean;
}

const modelBytesMax = 256;
const messagesMax = 10_000;
const inputsMax = 2_048;
const choicesMax = 128;
const cacheKeyBytesMax = 256;

/**
 * A body of the OpenAI API as a request. What every server has to agree on is checked here, so that it costs no place in
 * a queue; all else is the model server's to judge, and passes as it came.
 *
 * @throws {@link Problem} naming the field.
 */
export function readOpenAiBody(
  operation: InferenceOperation,
  bytes: Buffer,
  headers: IncomingHttpHeaders,
  requestId: string,
): OpenAiAsk {
  const json = parseExactJson(bytes);
  if (!isObject(json)) throw invalid('', 'The body must be a JSON object');
  const { model, stream = false, metadata, ...rest } = json;
  if (typeof model !== 'string' || model === '' || Buffer.byteLength(model) > modelBytesMax) {
    throw invalid('/model', `model must be a text of 1 to ${modelBytesMax} bytes`);
  }
  if (typeof stream !== 'boolean' && stream !== null) throw invalid('/stream', 'stream must be true or false');
  const { completionTokensMax, prefixKey } = checkInput(operation, rest);
  const ours = metadataOf(metadata);
  const passed = ours === undefined ? rest : withMetadata(rest, ours);
  const terms = readTerms(headers, ours);
  const { user } = rest;
  return {
    requestId,
    operation,
    model,
    // It was parsed from JSON.
    inputData: jsonText(passed as JsonValue),
    stream: stream === true && operation !== 'embedding',
    wantsUsage: isObject(rest['stream_options']) && rest['stream_options']['include_usage'] === true,
    ...{ completionTokensMax, prefixKey },
    terms: terms.user_id === undefined && isId(user) ? { ...terms, user_id: user } : terms,
  };
}

/**
 * What a model is told, without `model` and `stream`.
 *
 * @param at Pointer to it in the body that was sent.
 * @throws {@link Problem} naming the field.
 */
export function checkInput(operation: InferenceOperation, input: Body, at = '') {
  try {
    checks[operation](input);
    checkNumbers(input);
  } catch (error) {
    throw at === '' || !(error instanceof Problem) ? error : below(at, error);
  }
  return { completionTokensMax: tokensMaxOf(input), prefixKey: cacheKeyOf(input['prompt_cache_key']) };
}

function below(at: string, { code, detail, details }: Problem): Problem {
  const issues = (details.issues ?? []).map((issue) => ({ ...issue, pointer: `${at}${issue.pointer}` }));
  return new Problem(code, detail, { ...details, issues });
}

const checks: Readonly<Record<InferenceOperation, (body: Body) => void>> = {
  chat_completion({ messages }) {
    if (!Array.isArray(messages)) throw invalid('/messages', 'messages must be a list');
    if (messages.length === 0) throw invalid('/messages', 'messages must hold at least one message');
    if (messages.length > messagesMax) throw invalid('/messages', `messages must hold at most ${messagesMax}`);
    const bad = messages.findIndex((message) => !isObject(message) || typeof message['role'] !== 'string');
    if (bad !== -1) throw invalid(`/messages/${bad}/role`, `messages[${bad}] must be an object with a role`);
  },
  completion({ prompt }) {
    if (typeof prompt === 'string') return;
    if (!Array.isArray(prompt) || prompt.length === 0 || !isPromptList(prompt)) {
      throw invalid('/prompt', 'prompt must be a text, a list of texts, of tokens, or of lists of tokens');
    }
  },
  embedding({ input }) {
    if (typeof input === 'string' && input !== '') return;
    if (!Array.isArray(input) || input.length === 0 || !isPromptList(input)) {
      throw invalid(
        '/input',
        'input must be a text that is not empty, a list of texts, of tokens, or of lists of tokens',
      );
    }
    if (typeof input[0] !== 'number' && input.length > inputsMax) {
      throw invalid('/input', `input must hold at most ${inputsMax} items`);
    }
  },
};

function isPromptList(list: readonly unknown[]): boolean {
  const [first] = list;
  if (typeof first === 'string') return list.every((item) => typeof item === 'string');
  if (typeof first === 'number') return list.every(isToken);
  return list.every((item) => Array.isArray(item) && item.length > 0 && item.every(isToken));
}

function isToken(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function checkNumbers(body: Body): void {
  for (const name of ['max_tokens', 'max_completion_tokens'] as const) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (!isToken(value) || value === 0) throw invalid(`/${name}`, `${name} must be a whole number of at least 1`);
  }
  const { n } = body;
  if (n === undefined || n === null) return;
  if (!isToken(n) || Number(n) < 1 || Number(n) > choicesMax) {
    throw invalid('/n', `n must be a whole number from 1 to ${choicesMax}`);
  }
}

function tokensMaxOf(body: Body): number | null {
  const wanted = body['max_completion_tokens'] ?? body['max_tokens'];
  return typeof wanted === 'number' ? Math.min(wanted, 2_147_483_647) : null;
}

function metadataOf(metadata: unknown): Body | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (!isObject(metadata)) throw invalid('/metadata', 'metadata must be an object');
  return metadata;
}

function withMetadata(rest: Body, metadata: Body): Body {
  const foreign = foreignMetadata(metadata);
  return foreign === undefined ? rest : { ...rest, metadata: foreign };
}

function cacheKeyOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= cacheKeyBytesMax ? value : null;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 256 && !/[\0\r\n]/.test(value);
}

export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalid(pointer: string, detail: string): Problem {
  return new Problem('INVALID_REQUEST', detail, { issues: [{ pointer, detail }] });
}
