import { AddressGuard, hostList, networkList, portList, secretMap } from '@chorda/outbound';
import { payloadsEnv, wholeNumber } from '@chorda/platform';
import { z } from 'zod';
import { OpenAiModel } from '../model/openai-model.js';
import type { ModelPort } from '../model/model-port.js';
import { SpreadModel } from '../model/spread-model.js';
import { priceSchema } from '../model/model-prices.js';
import { databaseSchema } from '../tools/database/connections.js';
import { databaseTools } from '../tools/database/database-tools.js';
import { httpTools } from '../tools/http/http-tools.js';
import { llmTools } from '../tools/llm/llm-tools.js';
import { ToolCatalogue } from '../tools/tool-catalogue.js';

const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** JSON of a map by name. No fault of it shows a value, which may be a secret. */
function jsonMap<Value extends z.ZodType>(value: Value) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/), value))
    .default({});
}

const httpUrls = z
  .string()
  .transform(list)
  .refine((urls) => urls.every((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)), {
    error: 'must be URLs that begin with http:// or https://, separated by commas',
  });

/** Settings of executors: models, tools, and how much is done at once. */
export const executorEnv = {
  ...payloadsEnv,
  /** Servers with the HTTP API of OpenAI, with or without /v1; they are asked in turn. */
  VLLM_URLS: httpUrls.optional(),
  /** Without VLLM_URLS: models are those of OpenAI. */
  OPENAI_API_KEY: z.string().optional(),
  /** inference: through the log, by whichever inference worker has room. direct: this process asks the servers itself. */
  CHORDA_AGENT_MODELS: z.enum(['inference', 'direct']).default('inference'),
  /** A turn fails at once, to be tried again, where no inference worker was heard of for so long; 0: it waits. */
  CHORDA_INFERENCE_ABSENT_MS: wholeNumber(0, 86_400_000).default(30_000),
  CHORDA_MODEL: z.string().max(200).optional(),
  CHORDA_EMBEDDING_MODEL: z.string().max(200).optional(),
  /** Tokens that a turn may generate where its agent says nothing; left out: what the context has room for. */
  CHORDA_MODEL_COMPLETION_TOKENS_MAX: wholeNumber(1, 1_000_000).optional(),
  CHORDA_MODEL_PRICES: jsonMap(priceSchema),
  /** Works that one executor does at once. */
  CHORDA_EXECUTOR_SLOTS: wholeNumber(1, 1_000).default(100),
  /** Works that may wait in the inbox of all executors; past it they stay on the log. */
  CHORDA_EXECUTOR_INBOX_MAX: wholeNumber(100, 1_000_000).default(10_000),
  CHORDA_TOOL_SECRETS: secretMap,
  CHORDA_TOOL_DATABASES: jsonMap(databaseSchema),
  CHORDA_TOOL_DATABASE_ROWS_MAX: wholeNumber(1, 10_000).default(200),
  CHORDA_TOOL_DATABASE_BYTES_MAX: wholeNumber(1_024, 131_072).default(65_536),
  CHORDA_TOOL_DATABASE_TIMEOUT_MS: wholeNumber(100, 300_000).default(10_000),
  /** Hosts that tools may ask, `*.example.com` for all names below one; left out: any. */
  CHORDA_TOOL_HTTP_HOSTS: hostList,
  CHORDA_TOOL_HTTP_PORTS: portList,
  /** Networks beside the public Internet that tools may reach. */
  CHORDA_TOOL_HTTP_NETWORKS: networkList,
  CHORDA_TOOL_HTTP_TIMEOUT_MS: wholeNumber(100, 300_000).default(20_000),
  CHORDA_TOOL_HTTP_REDIRECTS_MAX: wholeNumber(0, 20).default(5),
  /** Of a response; what is beyond is cut. */
  CHORDA_TOOL_HTTP_RESPONSE_BYTES_MAX: wholeNumber(1_024, 131_072).default(65_536),
} as const;

export type ExecutorEnv = z.infer<z.ZodObject<typeof executorEnv>>;

const openAiUrl = 'https://api.openai.com/v1';
/** The simulator's own default. */
const simulatorUrl = 'http://127.0.0.1:4650/v1';
const modelToolTimeoutMs = 60_000;
const completionTokensDefault = 1_024;
const connectTimeoutMs = 5_000;

/** The model that is configured, else the simulator, which says in every answer what it is. */
export function modelOf(env: ExecutorEnv): ModelPort {
  const given = (env.VLLM_URLS ?? []).map((url) => url.replace(/\/+$/, '').replace(/(\/v1)?$/, '/v1'));
  const urls = given.length > 0 ? given : [env.OPENAI_API_KEY ? openAiUrl : simulatorUrl];
  const servers = urls.map((baseUrl) => {
    const defaults = { defaultModel: env.CHORDA_MODEL, defaultEmbeddingModel: env.CHORDA_EMBEDDING_MODEL };
    return new OpenAiModel({ baseUrl, apiKey: env.OPENAI_API_KEY, ...defaults });
  });
  return new SpreadModel(servers);
}

export function catalogueOf(env: ExecutorEnv, model: ModelPort): ToolCatalogue {
  return new ToolCatalogue([
    ...llmTools({
      model,
      timeoutMs: modelToolTimeoutMs,
      completionTokensMax: env.CHORDA_MODEL_COMPLETION_TOKENS_MAX ?? completionTokensDefault,
    }),
    ...httpTools({
      guard: new AddressGuard(env.CHORDA_TOOL_HTTP_NETWORKS),
      rules: { hosts: env.CHORDA_TOOL_HTTP_HOSTS, ports: env.CHORDA_TOOL_HTTP_PORTS },
      secrets: env.CHORDA_TOOL_SECRETS,
      redirectsMax: env.CHORDA_TOOL_HTTP_REDIRECTS_MAX,
      responseBytesMax: env.CHORDA_TOOL_HTTP_RESPONSE_BYTES_MAX,
      connectTimeoutMs,
      timeoutMs: env.CHORDA_TOOL_HTTP_TIMEOUT_MS,
    }),
    ...databaseTools({
      connections: env.CHORDA_TOOL_DATABASES,
      rowsMax: env.CHORDA_TOOL_DATABASE_ROWS_MAX,
      bytesMax: env.CHORDA_TOOL_DATABASE_BYTES_MAX,
      timeoutMs: env.CHORDA_TOOL_DATABASE_TIMEOUT_MS,
    }),
  ]);
}
