import type { Engine } from '../engine/engine.js';
import type { EngineMetrics } from './engine-metrics.js';
import { float } from './histogram.js';
import type { OwnCounters } from './own-counters.js';
import { vllmFamilies } from './vllm-families.js';

type FamilyName = (typeof vllmFamilies)[number][0];
type Figures = ReturnType<Engine['figures']>;

/** `/metrics` of vLLM for every engine, then what only a simulator can say. */
export function metricsPage(engines: readonly Engine[], own: OwnCounters): string {
  const samples = engines.map((engine) => samplesOf(engine.metrics, engine.figures()));
  const aborted = new Map(engines.map(({ metrics }) => [metrics.model, metrics.aborted]));
  const families = vllmFamilies.map(([name, type, help]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((of) => of(name))].join('\n'),
  );
  return `${families.join('\n')}\n${own.render(aborted)}`;
}

function samplesOf(metrics: EngineMetrics, figures: Figures): (name: FamilyName) => string {
  const { model, settings } = metrics;
  const values = plainValues(metrics, figures);
  const labelled = labelledValues(metrics, figures);
  return (name) => {
    const short = name.slice('vllm:'.length);
    if (name === 'vllm:cache_config_info') return cacheConfig(settings);
    const histogram = Object.entries(metrics.histograms).find(([key]) => key === short)?.[1];
    if (histogram !== undefined) return histogram.render(name, model);
    const rows = labelled[short];
    if (rows !== undefined) return rows(name).join('\n');
    return `${name}{engine="0",model_name="${model}"} ${float(values[short] ?? 0)}`;
  };
}

/** What is not here stays 0: work that is not simulated, like floating point operations and other caches. */
function plainValues(metrics: EngineMetrics, figures: Figures): Readonly<Record<string, number>> {
  return {
    num_requests_running: figures.running,
    num_requests_waiting: figures.waiting,
    kv_cache_usage_perc: figures.kvUsage,
    prefix_cache_queries_total: metrics.prefixQueries,
    prefix_cache_hits_total: metrics.prefixHits,
    num_preemptions_total: metrics.preemptions,
    prompt_tokens_total: metrics.promptTokens,
    prompt_tokens_cached_total: metrics.cachedPromptTokens,
    generation_tokens_total: metrics.generationTokens,
  };
}

type Rows = (name: string) => readonly string[];

function labelledValues(metrics: EngineMetrics, figures: Figures): Readonly<Record<string, Rows>> {
  const { model, promptTokens, cachedPromptTokens, succeeded, refused } = metrics;
  /** Labels in the order of the alphabet, as the Python client writes them. */
  const by =
    (label: string, values: Readonly<Record<string, number>>, engine = 'engine="0",'): Rows =>
    (name) =>
      Object.entries(values).map(([key, value]) => {
        const labels =
          label < 'model_name' ? `${label}="${key}",model_name="${model}"` : `model_name="${model}",${label}="${key}"`;
        return `${name}{${engine}${labels}} ${float(value)}`;
      });
  const elsewhere = { host: 0, p2p: 0, disk: 0, external_unspecified: 0 };
  const computed = promptTokens - cachedPromptTokens;
  return {
    num_requests_waiting_by_reason: by('reason', {
      capacity: figures.waiting - figures.deferred,
      deferred: figures.deferred,
    }),
    engine_sleep_state: by('sleep_state', { awake: 1, weights_offloaded: 0, discard_all: 0 }),
    prompt_tokens_by_source_total: by('source', {
      local_compute: computed,
      local_cache_hit: cachedPromptTokens,
      external_kv_transfer: 0,
    }),
    prompt_tokens_cached_by_source_total: by('source', { device: cachedPromptTokens, ...elsewhere }),
    request_success_total: by('finished_reason', { ...succeeded, abort: 0, error: 0, repetition: 0 }),
    admission_rejections_total: by('reason', refused, ''),
  };
}

function cacheConfig({ blockTokens, kvBlocks, sharesPrefixes, modelTokensMax }: EngineMetrics['settings']): string {
  const tokens = kvBlocks * blockTokens;
  const known: Readonly<Record<string, string>> = {
    _block_size_resolved: 'True',
    block_size: String(blockTokens),
    cache_dtype: 'auto',
    cache_hit_alignment_tokens: 'None',
    effective_attention_block_size: String(blockTokens),
    enable_mamba_shared_prefix_checkpoint: 'False',
    enable_prefix_caching: sharesPrefixes ? 'True' : 'False',
    engine: '0',
    gpu_memory_utilization: '0.92',
    hash_block_size: 'None',
    is_attention_free: 'False',
    kv_cache_dtype_skip_layers: '[]',
    kv_cache_layout: 'None',
    kv_cache_max_concurrency: float(tokens / modelTokensMax),
    // Of the recorded model: 2 KiB a token.
    kv_cache_memory_bytes: String(tokens * 2048),
    kv_cache_size_tokens: String(tokens),
    kv_offloading_backend: 'native',
    kv_offloading_size: 'None',
    kv_sharing_fast_prefill: 'False',
    mamba_block_size: 'None',
    mamba_cache_dtype: 'auto',
    mamba_cache_mode: 'none',
    mamba_page_size_padded: 'None',
    mamba_ssm_cache_dtype: 'float32',
    num_cpu_blocks: 'None',
    num_gpu_blocks: String(kvBlocks),
    num_gpu_blocks_override: 'None',
    prefix_cache_retention_interval: '0',
    prefix_caching_hash_algo: 'sha256',
    prefix_match_unit: 'None',
    replayssm_buffer_len: '16',
    skip_page_size_padded: 'None',
    sliding_window: 'None',
    swa_bounded_replay: 'True',
    use_kda_recoverssm: 'False',
    use_replayssm: 'False',
    user_specified_block_size: 'False',
  };
  const labels = Object.entries(known).map(([name, value]) => `${name}="${value}"`);
  return `vllm:cache_config_info{${labels.join(',')}} 1.0`;
}
