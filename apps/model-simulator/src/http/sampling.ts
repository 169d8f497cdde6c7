import type { AnswerLimits } from '../model/answer-plan.js';
import type { AnswerFormat } from '../model/draft.js';
import { badParameter, badRequest } from './answer-error.js';
import { isObject, isTexts, pythonFloat, type Fields, type JsonObject } from './fields.js';

/** Fields that chat and plain completions have in common. */
export interface Sampling {
  readonly n: number;
  readonly seed: number | undefined;
  readonly maxTokens: number | undefined;
  readonly limits: Omit<AnswerLimits, 'maxTokens'>;
  readonly format: AnswerFormat;
  readonly isStreamed: boolean;
  readonly includesUsage: boolean;
  /** Usage so far in every chunk. */
  readonly repeatsUsage: boolean;
  readonly priority: number;
  readonly cacheSalt: string | undefined;
}

export function readSampling(fields: Fields, maxTokensNames: readonly string[]): Sampling {
  const options = fields.object('stream_options');
  const maxTokens = maxTokensNames.map((name) => fields.integer(name)).find((value) => value !== undefined);
  const cacheSalt = fields.text('cache_salt');
  const sampling: Sampling = {
    n: fields.integer('n') ?? 1,
    seed: fields.integer('seed'),
    maxTokens,
    limits: {
      minTokens: fields.integer('min_tokens') ?? 0,
      stop: fields.texts('stop').filter((text) => text !== ''),
      stopTokenIds: fields.integers('stop_token_ids'),
      ignoresEnd: fields.flag('ignore_eos') ?? false,
      keepsStop: fields.flag('include_stop_str_in_output') ?? false,
    },
    format: readFormat(fields),
    isStreamed: fields.flag('stream') ?? false,
    includesUsage: options?.['include_usage'] === true,
    repeatsUsage: options?.['include_usage'] === true && options['continuous_usage_stats'] === true,
    priority: fields.integer('priority') ?? 0,
    cacheSalt,
  };
  readNumbers(fields);
  fields.check();
  if (options !== undefined && !sampling.isStreamed) {
    throw badRequest('Stream options can only be defined when `stream=True`.', 'stream_options');
  }
  if (cacheSalt === '') throw badRequest("Parameter 'cache_salt' must be a non-empty string if provided.");
  checkCounts(sampling);
  return sampling;
}

const ranges = [
  { name: 'temperature', text: '[0, 2]', holds: (value: number) => value >= 0 && value <= 2 },
  { name: 'top_p', text: '(0, 1]', holds: (value: number) => value > 0 && value <= 1 },
  { name: 'presence_penalty', text: '[-2, 2]', holds: (value: number) => value >= -2 && value <= 2 },
  { name: 'frequency_penalty', text: '[-2, 2]', holds: (value: number) => value >= -2 && value <= 2 },
  { name: 'min_p', text: '[0, 1]', holds: (value: number) => value >= 0 && value <= 1 },
] as const;

function readNumbers(fields: Fields): void {
  for (const { name, text, holds } of ranges) {
    const value = fields.number(name);
    if (value === undefined || holds(value)) continue;
    fields.check();
    const shown = pythonFloat(value);
    throw badParameter(name, `${name} must be in ${text}, got ${shown}.`, shown);
  }
}

function checkCounts({ n, maxTokens, limits: { minTokens } }: Sampling): void {
  if (n < 1) throw badParameter('n', `n must be at least 1, got ${n}.`, String(n));
  if (n > 128) throw badParameter('n', `n must be at most 128, got ${n}.`, String(n));
  if (maxTokens !== undefined && maxTokens < 1) {
    throw badParameter('max_tokens', `max_tokens must be at least 1, got ${maxTokens}.`, String(maxTokens));
  }
  if (minTokens < 0) {
    const rule = `min_tokens must be greater than or equal to 0, got ${minTokens}.`;
    throw badParameter('min_tokens', rule, String(minTokens));
  }
  if (maxTokens !== undefined && minTokens > maxTokens) {
    const rule = `min_tokens must be less than or equal to max_tokens=${maxTokens}, got ${minTokens}.`;
    throw badParameter('min_tokens', rule, String(minTokens));
  }
}

/** `response_format` of OpenAI, `structured_outputs` of vLLM and its older `guided_…` fields. */
function readFormat(fields: Fields): AnswerFormat {
  const format = fields.object('response_format');
  const given = fields.object('structured_outputs') ?? older(fields.body);
  const kind = format?.['type'];
  if (kind === 'json_schema') return schemaFormat(format?.['json_schema']);
  if (kind === 'json_object')
    return { kind: 'json', schema: { type: 'object', properties: { simulated: { const: true } } } };
  if (kind !== undefined && kind !== 'text') {
    fields.wrong('literal_error', 'response_format.type', 'Input should be text, json_object or json_schema', kind);
  }
  return structured(given);
}

function older(body: JsonObject): JsonObject {
  const names = { guided_json: 'json', guided_choice: 'choice', guided_regex: 'regex', guided_grammar: 'grammar' };
  const given = Object.entries(names).filter(([name]) => (body[name] ?? undefined) !== undefined);
  return Object.fromEntries(given.map(([name, now]) => [now, body[name]]));
}

function schemaFormat(given: unknown): AnswerFormat {
  const schema = isObject(given) ? (given['schema'] ?? given['json_schema']) : undefined;
  if (isObject(schema)) return { kind: 'json', schema };
  throw badRequest("When response_format type is 'json_schema', the 'json_schema' field must hold a schema.");
}

function structured({
  json,
  choice,
  regex,
  grammar,
  json_object: anyObject,
  structural_tag: tag,
}: JsonObject): AnswerFormat {
  if (json !== undefined && json !== null) {
    const schema: unknown = typeof json === 'string' ? parsed(json) : json;
    if (isObject(schema)) return { kind: 'json', schema };
    throw badRequest('The JSON schema of a structured output must be an object.', 'structured_outputs');
  }
  if (isTexts(choice) && choice.length > 0) return { kind: 'choice', choices: choice };
  if (typeof regex === 'string') return { kind: 'regex', pattern: regex };
  if (anyObject === true) return { kind: 'json', schema: { type: 'object' } };
  if (grammar !== undefined || tag !== undefined || choice !== undefined) {
    throw badRequest(
      'Of structured outputs the simulator has json, json_object, choice and regex.',
      'structured_outputs',
    );
  }
  return { kind: 'text' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws when prompt and answer do not fit the model. */
export function answerTokensMax(promptTokens: number, wanted: number | undefined, modelTokensMax: number): number {
  if (wanted !== undefined && wanted > modelTokensMax) {
    const rule = `max_tokens=${wanted} cannot be greater than max_model_len=${modelTokensMax}. Please request fewer output tokens.`;
    throw badParameter('max_tokens', rule, String(wanted));
  }
  if (promptTokens >= modelTokensMax) {
    // A prompt is not counted past its bound.
    const counted = Math.min(promptTokens, modelTokensMax + 1);
    const rule = `This model's maximum context length is ${modelTokensMax} tokens. However, your prompt contains at least ${counted} input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.`;
    throw badParameter('input_tokens', rule, String(counted));
  }
  const left = modelTokensMax - promptTokens;
  if (wanted !== undefined && wanted > left) {
    const rule = `This model's maximum context length is ${modelTokensMax} tokens. However, you requested ${wanted} output tokens and your prompt contains ${promptTokens} input tokens, for a total of ${wanted + promptTokens} tokens. Please reduce the length of the input prompt or the number of requested output tokens.`;
    throw badParameter('input_tokens', rule, String(promptTokens));
  }
  return wanted ?? left;
}
