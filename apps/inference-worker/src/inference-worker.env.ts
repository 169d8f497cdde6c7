import { readFileSync } from 'node:fs';
import {
  databaseEnv,
  EnvironmentError,
  kafkaEnv,
  loggingEnv,
  readEnv,
  registryEnv,
  selfReportEnv,
  wholeNumber,
} from '@chorda/platform';
import { z } from 'zod';
import { budgetSchema, type Budget } from './accounting/budgets.js';
import { modelPrices, priceListSchema, type PriceList } from './accounting/prices.js';
import type { Route } from './replicas/replica-pool.js';

const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const httpUrls = z
  .string()
  .transform(list)
  .refine((urls) => urls.every((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)), {
    error: 'must be URLs that begin with http:// or https://, separated by commas',
  });

const fallbackRule = 'must be JSON like {"model": ["another", "openai:gpt-x"]}';

/** `provider:model`, or a model of whichever provider has it. */
const fallbacks = z
  .string()
  .transform((text, context): Readonly<Record<string, readonly Route[]>> => {
    const read = z.record(z.string(), z.array(z.string().min(1).max(200)).max(10)).safeParse(parsedJson(text));
    if (!read.success) {
      context.addIssue({ code: 'custom', message: fallbackRule });
      return z.NEVER;
    }
    return Object.fromEntries(Object.entries(read.data).map(([model, names]) => [model, names.map(routeOf)]));
  })
  .default({});

const modelPricesRule = 'must be JSON like {"model": {"prompt": "0.15", "completion": "0.6"}}';

const modelPricesSetting = z
  .string()
  .transform((text, context): z.infer<typeof modelPrices> => {
    const read = modelPrices.safeParse(parsedJson(text));
    if (read.success) return read.data;
    context.addIssue({ code: 'custom', message: modelPricesRule });
    return z.NEVER;
  })
  .default({});

const schema = z.object({
  ...kafkaEnv,
  ...registryEnv,
  ...databaseEnv,
  ...loggingEnv,
  ...selfReportEnv,
  /** Replicas with the HTTP API of OpenAI, with or without /v1; requests are spread over them. */
  VLLM_URLS: httpUrls.optional(),
  /** What vLLM was started with as --api-key. */
  CHORDA_VLLM_API_KEY: z.string().min(1).optional(),
  /** Models that no replica has are asked of OpenAI; without VLLM_URLS all of them. */
  OPENAI_API_KEY: z.string().min(1).optional(),
  CHORDA_OPENAI_URL: z.url({ protocol: /^https?$/ }).default('https://api.openai.com/v1'),
  CHORDA_INFERENCE_FALLBACKS: fallbacks,
  /** Sequences under way at a replica before anything is known of it, and at most. */
  CHORDA_INFERENCE_WINDOW: wholeNumber(1, 10_000).default(8),
  CHORDA_INFERENCE_WINDOW_MAX: wholeNumber(1, 100_000).default(2_048),
  /** Percent of the replica's cache in use, past which its window does not grow. */
  CHORDA_INFERENCE_KV_PERCENT_MAX: wholeNumber(1, 100).default(90),
  /** Requests of a class that one worker has in hand, and their bytes. */
  CHORDA_INFERENCE_BUFFER: wholeNumber(16, 1_000_000).default(2_000),
  CHORDA_INFERENCE_BUFFER_BYTES: wholeNumber(1_048_576, 10_737_418_240).default(67_108_864),
  /** Records between the oldest request of a partition that is not done and the newest that was read. */
  CHORDA_INFERENCE_SPAN: wholeNumber(16, 1_000_000).default(4_096),
  CHORDA_INFERENCE_ATTEMPTS: wholeNumber(1, 100).default(5),
  /** The longest silence of a replica within a call. */
  CHORDA_INFERENCE_STALL_MS: wholeNumber(100, 3_600_000).default(60_000),
  /** Texts for vectors that may share a call; 1: none do. */
  CHORDA_INFERENCE_EMBEDDINGS_TOGETHER: wholeNumber(1, 2_048).default(32),
  /** Longest answer as JSON: it must fit into a record. */
  CHORDA_INFERENCE_ANSWER_BYTES: wholeNumber(1_024, 1_000_000).default(900_000),
  /** A class of which a request waits longer counts as the next more urgent one. */
  CHORDA_INFERENCE_NORMAL_AGES_MS: wholeNumber(100, 86_400_000).default(60_000),
  CHORDA_INFERENCE_LOW_AGES_MS: wholeNumber(100, 86_400_000).default(300_000),
  /** Reserved of a budget for an answer that nobody has bounded. */
  CHORDA_INFERENCE_TOKENS_RESERVED: wholeNumber(1, 1_000_000).default(1_024),
  /** What agents reserve by; counts for models that no list of the file names. */
  CHORDA_MODEL_PRICES: modelPricesSetting,
  CHORDA_PRICES_FILE: z.string().optional(),
  CHORDA_BUDGETS_FILE: z.string().optional(),
  CHORDA_INFERENCE_CONNECTIONS: wholeNumber(2, 100).default(8),
  CHORDA_INFERENCE_SESSION_TIMEOUT_MS: wholeNumber(6_000, 300_000).default(10_000),
  /** How long a stop waits for calls that are under way. */
  CHORDA_INFERENCE_DRAIN_TIMEOUT_MS: wholeNumber(100, 600_000).default(5_000),
});

export interface InferenceWorkerEnv extends z.infer<typeof schema> {
  readonly prices: readonly PriceList[];
  readonly budgets: readonly Budget[];
}

/** @throws {@link EnvironmentError} naming every bad setting, files included. */
export function readInferenceWorkerEnv(source: NodeJS.ProcessEnv): InferenceWorkerEnv {
  const env = readEnv(schema, source);
  return {
    ...env,
    prices: [...settingsList(env), ...readFile('CHORDA_PRICES_FILE', env.CHORDA_PRICES_FILE, priceListSchema)],
    budgets: readFile('CHORDA_BUDGETS_FILE', env.CHORDA_BUDGETS_FILE, budgetSchema),
  };
}

/** Older than any list of a file, which then counts first. */
function settingsList({ CHORDA_MODEL_PRICES: models }: z.infer<typeof schema>): readonly PriceList[] {
  if (Object.keys(models).length === 0) return [];
  return [{ version: 'CHORDA_MODEL_PRICES', from: '1970-01-01T00:00:00Z', fromMs: 0, models }];
}

function readFile<Item extends z.ZodType>(
  setting: string,
  path: string | undefined,
  item: Item,
): readonly z.infer<Item>[] {
  if (path === undefined) return [];
  const wrong = (detail: string) => new EnvironmentError([{ pointer: setting, detail }]);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw wrong('names a file that cannot be read');
  }
  const read = z.array(item).safeParse(parsedJson(text));
  if (!read.success) throw wrong(`names a file that is not as it must be: ${z.prettifyError(read.error)}`);
  return read.data;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function routeOf(name: string): Route {
  const [, provider, model] = /^(vllm|openai|simulator):(.+)$/.exec(name) ?? [];
  return provider === undefined || model === undefined ? { provider: undefined, model: name } : { provider, model };
}
