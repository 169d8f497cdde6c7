/** What of vLLM's engine is simulated, and how long it takes. Names in brackets are vLLM's own options. */
export interface EngineSettings {
  /** Sequences that are computed at once [--max-num-seqs]. */
  readonly slots: number;
  /** [--scheduling-policy] Under `fcfs` a request's priority means nothing. */
  readonly policy: 'fcfs' | 'priority';
  /** Tokens of prompt and answer together [--max-model-len]. */
  readonly modelTokensMax: number;
  /** Blocks of the KV cache, vLLM's null block included [--num-gpu-blocks-override]. */
  readonly kvBlocks: number;
  /** [--block-size] */
  readonly blockTokens: number;
  /** [--enable-prefix-caching] */
  readonly sharesPrefixes: boolean;
  /** Requests that run or wait; past it 503 [--max-num-queued-reqs]. 0: no bound. */
  readonly queuedRequestsMax: number;
  /** Tokens that wait for their prefill; past it 503 [--max-num-queued-tokens]. 0: no bound. */
  readonly queuedTokensMax: number;
  /** Adapters in one batch [--max-loras]. */
  readonly lorasMax: number;
  /** From the start of a request to its first token, before what its prompt costs. */
  readonly prefillMs: number;
  /** For each token of the prompt that is not in the cache. */
  readonly prefillTokenMs: number;
  /** From one token to the next. */
  readonly tokenMs: number;
  /** How many times as long a token takes when every slot is in use; between, in proportion. 1: load costs nothing. */
  readonly fullLoadFactor: number;
}

export const engineDefaults: EngineSettings = {
  slots: 256,
  policy: 'fcfs',
  modelTokensMax: 131_072,
  kvBlocks: 16_384,
  blockTokens: 128,
  sharesPrefixes: true,
  queuedRequestsMax: 0,
  queuedTokensMax: 0,
  lorasMax: 4,
  prefillMs: 0,
  prefillTokenMs: 0,
  tokenMs: 0,
  fullLoadFactor: 1,
};

/** What may change while requests run. */
export type LiveEngineSettings = Pick<
  EngineSettings,
  'slots' | 'queuedRequestsMax' | 'queuedTokensMax' | 'prefillMs' | 'prefillTokenMs' | 'tokenMs' | 'fullLoadFactor'
>;

export const liveEngineSettings = [
  'slots',
  'queuedRequestsMax',
  'queuedTokensMax',
  'prefillMs',
  'prefillTokenMs',
  'tokenMs',
  'fullLoadFactor',
] as const satisfies readonly (keyof LiveEngineSettings)[];
