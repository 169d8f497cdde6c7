import type { EngineSettings } from '../engine/engine-settings.js';
import type { Admission, SchedulerObserver } from '../engine/scheduler.js';
import type { Sequence } from '../engine/sequence.js';
import { Histogram, tokenBounds } from './histogram.js';

const firstTokenBounds = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const nextTokenBounds = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const requestBounds = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];
const stepBounds = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];

export interface RequestParameters {
  readonly n: number;
  readonly maxTokens: number | undefined;
}

/** What vLLM counts of one engine. */
export class EngineMetrics implements SchedulerObserver {
  prefixQueries = 0;
  prefixHits = 0;
  preemptions = 0;
  promptTokens = 0;
  cachedPromptTokens = 0;
  generationTokens = 0;
  aborted = 0;
  readonly succeeded = { stop: 0, length: 0 };
  readonly refused = { max_num_queued_reqs: 0, max_num_queued_tokens: 0 };
  readonly histograms;

  constructor(
    readonly model: string,
    readonly settings: EngineSettings,
  ) {
    const tokens = () => new Histogram(tokenBounds(settings.modelTokensMax));
    const seconds = (bounds: readonly number[]) => new Histogram(bounds);
    this.histograms = {
      request_prompt_tokens: tokens(),
      request_generation_tokens: tokens(),
      iteration_tokens_total: new Histogram(stepBounds),
      request_max_num_generation_tokens: tokens(),
      request_params_n: new Histogram([1, 2, 5, 10, 20]),
      request_params_max_tokens: tokens(),
      time_to_first_token_seconds: seconds(firstTokenBounds),
      inter_token_latency_seconds: seconds(nextTokenBounds),
      request_time_per_output_token_seconds: seconds(nextTokenBounds),
      e2e_request_latency_seconds: seconds(requestBounds),
      request_queue_time_seconds: seconds(requestBounds),
      request_inference_time_seconds: seconds(requestBounds),
      request_prefill_time_seconds: seconds(requestBounds),
      request_decode_time_seconds: seconds(requestBounds),
      request_num_preemptions: new Histogram([1, 2, 3, 4, 5, 10, 20]),
      request_prefill_kv_computed_tokens: tokens(),
    };
  }

  onRefused(reason: Exclude<Admission, 'admitted'>): void {
    this.refused[reason] += 1;
  }

  /** A whole request, all of its sequences answered. */
  onRequestDone({ n, maxTokens }: RequestParameters, longestAnswer: number): void {
    this.histograms.request_params_n.observe(n);
    this.histograms.request_max_num_generation_tokens.observe(longestAnswer);
    if (maxTokens !== undefined) this.histograms.request_params_max_tokens.observe(maxTokens, n);
  }

  onStarted(_sequence: Sequence, promptTokens: number, cachedTokens: number, isFirstStart: boolean): void {
    if (!isFirstStart) return;
    const cached = Math.min(cachedTokens, promptTokens);
    if (this.settings.sharesPrefixes) {
      this.prefixQueries += promptTokens;
      this.prefixHits += cached;
    }
    this.promptTokens += promptTokens;
    this.cachedPromptTokens += cached;
  }

  onFirstToken({ arrivalMs, firstTokenMs }: Sequence): void {
    this.generationTokens += 1;
    this.histograms.time_to_first_token_seconds.observe(((firstTokenMs ?? arrivalMs) - arrivalMs) / 1000);
  }

  onNextTokens(_sequence: Sequence, count: number, gapMs: number): void {
    this.generationTokens += count;
    this.histograms.inter_token_latency_seconds.observe(gapMs / 1000, count);
  }

  onPreempted(): void {
    this.preemptions += 1;
  }

  onFinished(sequence: Sequence): void {
    const { arrivalMs, generated, request, cachedTokens } = sequence;
    const startedMs = sequence.startedMs ?? arrivalMs;
    const finishedMs = sequence.finishedMs ?? startedMs;
    const firstTokenMs = sequence.firstTokenMs ?? finishedMs;
    const { histograms } = this;
    this.succeeded[request.finishReason] += 1;
    histograms.request_prompt_tokens.observe(request.promptTokens);
    histograms.request_generation_tokens.observe(generated);
    histograms.request_prefill_kv_computed_tokens.observe(request.promptTokens - cachedTokens);
    histograms.request_num_preemptions.observe(sequence.preemptions);
    histograms.e2e_request_latency_seconds.observe((finishedMs - arrivalMs) / 1000);
    histograms.request_queue_time_seconds.observe((startedMs - arrivalMs) / 1000);
    histograms.request_inference_time_seconds.observe((finishedMs - startedMs) / 1000);
    histograms.request_prefill_time_seconds.observe((firstTokenMs - startedMs) / 1000);
    histograms.request_decode_time_seconds.observe((finishedMs - firstTokenMs) / 1000);
    if (generated > 1) {
      const perToken = (finishedMs - firstTokenMs) / 1000 / (generated - 1);
      histograms.request_time_per_output_token_seconds.observe(perToken);
    } else {
      histograms.request_time_per_output_token_seconds.observe(0);
    }
  }

  /** A real vLLM 0.32 leaves `request_success_total{finished_reason="abort"}` at 0 when a client goes away. */
  onAborted(): void {
    this.aborted += 1;
  }
}
