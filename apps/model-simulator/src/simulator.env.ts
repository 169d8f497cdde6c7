import { readFileSync } from 'node:fs';
import { EnvironmentError, flag, loggingEnv, port, readEnv, wholeNumber } from '@chorda/platform';
import { z } from 'zod';
import { engineDefaults } from './engine/engine-settings.js';
import { scriptsSchema, type Script } from './model/script.js';
import { simulatorDefaults, type LoraAdapter, type SimulatorSettings } from './simulator-settings.js';

const name = /^[\w./:@-]{1,200}$/;
const nameRule = 'must hold names of letters, digits and _ . / : @ -, separated by commas';

function names(fallback: readonly string[]) {
  return z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .refine((list) => list.every((one) => name.test(one)) && new Set(list).size === list.length, { error: nameRule })
    .default([...fallback]);
}

/** Milliseconds, also parts of one. */
const milliseconds = z
  .string()
  .regex(/^\d{1,7}(\.\d{1,6})?$/, { error: 'must be milliseconds, like 20 or 0.05', abort: true })
  .transform(Number)
  .pipe(z.number().max(600_000, { error: 'must be at most 600000' }));

const schema = z.object({
  ...loggingEnv,
  CHORDA_LISTEN_HOST: z.string().default(simulatorDefaults.host),
  CHORDA_SIMULATOR_PORT: port.default(simulatorDefaults.port),
  /** Models that write, each with an engine of its own. */
  CHORDA_SIMULATOR_MODELS: names(simulatorDefaults.models),
  /** Models that embed; `none`: there is no `/v1/embeddings`. */
  CHORDA_SIMULATOR_EMBEDDING_MODELS: names(simulatorDefaults.embeddingModels),
  /** `adapter=model`, several separated by commas. */
  CHORDA_SIMULATOR_LORAS: z
    .string()
    .refine((text) => text.split(',').every((one) => one.split('=').every((part) => name.test(part.trim()))), {
      error: 'must be ADAPTER=MODEL, several separated by commas',
    })
    .optional(),
  CHORDA_SIMULATOR_LORA_UPDATES: flag.default(simulatorDefaults.allowsLoraUpdates),
  /** Sequences at once, vLLM's --max-num-seqs. */
  CHORDA_SIMULATOR_SLOTS: wholeNumber(1, 100_000).default(engineDefaults.slots),
  CHORDA_SIMULATOR_POLICY: z.enum(['fcfs', 'priority']).default(engineDefaults.policy),
  CHORDA_SIMULATOR_MODEL_TOKENS_MAX: wholeNumber(16, 10_000_000).default(engineDefaults.modelTokensMax),
  CHORDA_SIMULATOR_KV_BLOCKS: wholeNumber(2, 10_000_000).default(engineDefaults.kvBlocks),
  CHORDA_SIMULATOR_BLOCK_TOKENS: wholeNumber(1, 4_096).default(engineDefaults.blockTokens),
  CHORDA_SIMULATOR_PREFIX_CACHE: flag.default(engineDefaults.sharesPrefixes),
  /** Requests that run or wait, past which 503; 0: no bound, as vLLM has it. */
  CHORDA_SIMULATOR_QUEUED_REQUESTS_MAX: wholeNumber(0, 10_000_000).default(engineDefaults.queuedRequestsMax),
  CHORDA_SIMULATOR_QUEUED_TOKENS_MAX: wholeNumber(0, 10_000_000_000).default(engineDefaults.queuedTokensMax),
  CHORDA_SIMULATOR_LORAS_MAX: wholeNumber(1, 1_000).default(engineDefaults.lorasMax),
  CHORDA_SIMULATOR_PREFILL_MS: milliseconds.default(engineDefaults.prefillMs),
  CHORDA_SIMULATOR_PREFILL_TOKEN_MS: milliseconds.default(engineDefaults.prefillTokenMs),
  CHORDA_SIMULATOR_TOKEN_MS: milliseconds.default(engineDefaults.tokenMs),
  /** How many times as long a token takes with every slot in use. */
  CHORDA_SIMULATOR_FULL_LOAD_FACTOR: wholeNumber(1, 1_000).default(engineDefaults.fullLoadFactor),
  CHORDA_SIMULATOR_EMBEDDING_DIMENSIONS: wholeNumber(1, 16_384).default(simulatorDefaults.embeddingDimensions),
  CHORDA_SIMULATOR_API_KEY: z.string().min(1).optional(),
  CHORDA_SIMULATOR_TOOL_CALLS: flag.default(simulatorDefaults.parsesToolCalls),
  CHORDA_SIMULATOR_PROMPT_TOKENS_DETAILS: flag.default(simulatorDefaults.showsPromptTokensDetails),
  CHORDA_SIMULATOR_REQUEST_ID_HEADERS: flag.default(simulatorDefaults.echoesRequestIds),
  /** Faults, live changes and scripts by HTTP: for tests. */
  CHORDA_SIMULATOR_CONTROL: flag.default(simulatorDefaults.allowsControl),
  /** JSON file of scripts: what the model says to whom. */
  CHORDA_SIMULATOR_SCRIPTS: z.string().optional(),
  CHORDA_SIMULATOR_BODY_BYTES_MAX: wholeNumber(1_024, 1_073_741_824).default(simulatorDefaults.bodyBytesMax),
  /** How long a client may leave more than a megabyte of its stream unread. */
  CHORDA_SIMULATOR_UNREAD_MS_MAX: wholeNumber(100, 3_600_000).default(simulatorDefaults.unreadMsMax),
  CHORDA_SIMULATOR_LOG_ENTRIES_MAX: wholeNumber(0, 1_000_000).default(simulatorDefaults.logEntriesMax),
  /** File that gets a line of JSON for each request. */
  CHORDA_SIMULATOR_LOG_FILE: z.string().optional(),
});

type SimulatorEnv = z.infer<typeof schema>;

/** @throws {@link EnvironmentError} naming every bad setting. */
export function readSimulatorSettings(source: NodeJS.ProcessEnv): SimulatorSettings {
  const env = readEnv(schema, source);
  const embeddingModels = env.CHORDA_SIMULATOR_EMBEDDING_MODELS.filter((one) => one !== 'none');
  const models = env.CHORDA_SIMULATOR_MODELS;
  const loras = lorasOf(env.CHORDA_SIMULATOR_LORAS ?? '');
  assertConsistent(env, models, embeddingModels, loras);
  return {
    ...{ models, embeddingModels, loras },
    host: env.CHORDA_LISTEN_HOST,
    port: env.CHORDA_SIMULATOR_PORT,
    allowsLoraUpdates: env.CHORDA_SIMULATOR_LORA_UPDATES,
    engine: engineOf(env),
    embeddingDimensions: env.CHORDA_SIMULATOR_EMBEDDING_DIMENSIONS,
    ...(env.CHORDA_SIMULATOR_API_KEY !== undefined && { apiKey: env.CHORDA_SIMULATOR_API_KEY }),
    parsesToolCalls: env.CHORDA_SIMULATOR_TOOL_CALLS,
    showsPromptTokensDetails: env.CHORDA_SIMULATOR_PROMPT_TOKENS_DETAILS,
    echoesRequestIds: env.CHORDA_SIMULATOR_REQUEST_ID_HEADERS,
    allowsControl: env.CHORDA_SIMULATOR_CONTROL,
    scripts: env.CHORDA_SIMULATOR_SCRIPTS === undefined ? [] : readScripts(env.CHORDA_SIMULATOR_SCRIPTS),
    bodyBytesMax: env.CHORDA_SIMULATOR_BODY_BYTES_MAX,
    unreadBytesMax: simulatorDefaults.unreadBytesMax,
    unreadMsMax: env.CHORDA_SIMULATOR_UNREAD_MS_MAX,
    logEntriesMax: env.CHORDA_SIMULATOR_LOG_ENTRIES_MAX,
    ...(env.CHORDA_SIMULATOR_LOG_FILE !== undefined && { logFile: env.CHORDA_SIMULATOR_LOG_FILE }),
  };
}

/** Every setting with its default, for `--help`. */
export function settingDefaults(): readonly { readonly key: string; readonly value: string }[] {
  const env = schema.parse({});
  return Object.keys(schema.shape).map((key) => {
    const value: unknown = Reflect.get(env, key);
    return { key, value: value === undefined ? '' : String(value) };
  });
}

function engineOf(env: SimulatorEnv): SimulatorSettings['engine'] {
  return {
    slots: env.CHORDA_SIMULATOR_SLOTS,
    policy: env.CHORDA_SIMULATOR_POLICY,
    modelTokensMax: env.CHORDA_SIMULATOR_MODEL_TOKENS_MAX,
    kvBlocks: env.CHORDA_SIMULATOR_KV_BLOCKS,
    blockTokens: env.CHORDA_SIMULATOR_BLOCK_TOKENS,
    sharesPrefixes: env.CHORDA_SIMULATOR_PREFIX_CACHE,
    queuedRequestsMax: env.CHORDA_SIMULATOR_QUEUED_REQUESTS_MAX,
    queuedTokensMax: env.CHORDA_SIMULATOR_QUEUED_TOKENS_MAX,
    lorasMax: env.CHORDA_SIMULATOR_LORAS_MAX,
    prefillMs: env.CHORDA_SIMULATOR_PREFILL_MS,
    prefillTokenMs: env.CHORDA_SIMULATOR_PREFILL_TOKEN_MS,
    tokenMs: env.CHORDA_SIMULATOR_TOKEN_MS,
    fullLoadFactor: env.CHORDA_SIMULATOR_FULL_LOAD_FACTOR,
  };
}

function lorasOf(text: string): readonly LoraAdapter[] {
  if (text === '') return [];
  return text.split(',').map((one) => {
    const [adapter = '', base = ''] = one.split('=').map((part) => part.trim());
    return { name: adapter, base, path: `simulated/${adapter}` };
  });
}

function assertConsistent(
  env: SimulatorEnv,
  models: readonly string[],
  embeddingModels: readonly string[],
  loras: readonly LoraAdapter[],
): void {
  const issues: { pointer: string; detail: string }[] = [];
  const all = [...models, ...embeddingModels, ...loras.map((lora) => lora.name)];
  if (new Set(all).size < all.length) {
    issues.push({
      pointer: 'CHORDA_SIMULATOR_MODELS',
      detail: 'names something that another model or adapter is called',
    });
  }
  for (const { base } of loras) {
    if (models.includes(base)) continue;
    issues.push({ pointer: 'CHORDA_SIMULATOR_LORAS', detail: 'names a model that CHORDA_SIMULATOR_MODELS lacks' });
    break;
  }
  // As vLLM: one request of the full length must fit, or nothing could ever be preempted for it.
  const room = (env.CHORDA_SIMULATOR_KV_BLOCKS - 1) * env.CHORDA_SIMULATOR_BLOCK_TOKENS;
  if (room < env.CHORDA_SIMULATOR_MODEL_TOKENS_MAX) {
    const detail = `must be so many that one request of ${env.CHORDA_SIMULATOR_MODEL_TOKENS_MAX} tokens fits beside one null block`;
    issues.push({ pointer: 'CHORDA_SIMULATOR_KV_BLOCKS', detail });
  }
  if (issues.length > 0) throw new EnvironmentError(issues);
}

function readScripts(path: string): readonly Script[] {
  const wrong = (detail: string) => new EnvironmentError([{ pointer: 'CHORDA_SIMULATOR_SCRIPTS', detail }]);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? 'names a file that is no JSON' : 'names a file that cannot be read');
  }
  const read = scriptsSchema.safeParse(value);
  if (read.success) return read.data;
  throw wrong(`names a file that is no list of scripts: ${z.prettifyError(read.error)}`);
}
