import { engineDefaults, type EngineSettings } from './engine/engine-settings.js';
import type { Script } from './model/script.js';

export interface LoraAdapter {
  readonly name: string;
  /** The model it belongs to. */
  readonly base: string;
  readonly path: string;
}

export interface SimulatorSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Models that write; each has an engine of its own, as if it were a vLLM of its own. */
  readonly models: readonly string[];
  /** Models that embed; without any, `/v1/embeddings` is not there, as with a vLLM that generates. */
  readonly embeddingModels: readonly string[];
  readonly loras: readonly LoraAdapter[];
  /** Whether adapters may come and go by HTTP [VLLM_ALLOW_RUNTIME_LORA_UPDATING]. */
  readonly allowsLoraUpdates: boolean;
  readonly engine: EngineSettings;
  readonly embeddingDimensions: number;
  /** Bearer token of `/v1`; left out: nobody is asked [--api-key]. */
  readonly apiKey?: string;
  /** [--enable-auto-tool-choice --tool-call-parser] */
  readonly parsesToolCalls: boolean;
  /** [--enable-prompt-tokens-details] */
  readonly showsPromptTokensDetails: boolean;
  /** [--enable-request-id-headers] */
  readonly echoesRequestIds: boolean;
  /** Faults, live changes and scripts by HTTP. */
  readonly allowsControl: boolean;
  readonly scripts: readonly Script[];
  readonly bodyBytesMax: number;
  /** A client that leaves so much unread for so long is taken for one that has left. */
  readonly unreadBytesMax: number;
  readonly unreadMsMax: number;
  /** Requests that `/simulator/requests` remembers. */
  readonly logEntriesMax: number;
  readonly logFile?: string;
}

export const simulatorDefaults: SimulatorSettings = {
  host: '127.0.0.1',
  port: 4650,
  models: ['simulated'],
  embeddingModels: ['simulated-embedding'],
  loras: [],
  allowsLoraUpdates: false,
  engine: engineDefaults,
  embeddingDimensions: 384,
  parsesToolCalls: true,
  showsPromptTokensDetails: true,
  echoesRequestIds: true,
  allowsControl: false,
  scripts: [],
  bodyBytesMax: 32 * 1024 * 1024,
  unreadBytesMax: 1024 * 1024,
  unreadMsMax: 30_000,
  logEntriesMax: 10_000,
};
