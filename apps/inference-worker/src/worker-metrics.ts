import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type WorkerMetrics = ReturnType<typeof workerMetrics>;

const waits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Figures of one worker. Those of the OpenTelemetry conventions for generative AI keep their names, with underscores. */
export function workerMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[], buckets = waits) =>
    new Histogram({ name, help, labelNames, buckets, registers });
  return {
    outcomes: counter('chorda_inference_outcomes_total', 'Requests that ended here, by outcome', [
      'outcome',
      'priority',
    ]),
    lostClaims: counter('chorda_inference_claims_lost_total', 'Outcomes that another worker, or a cancel, had before'),
    attempts: counter('chorda_inference_attempts_total', 'Calls of models, by what became of them', [
      'replica',
      'model',
      'result',
    ]),
    known: counter('chorda_inference_known_total', 'Requests that came from the log and had their outcome already'),
    buffered: gauge('chorda_inference_buffered_requests', 'Requests from the log that are not done, by class', [
      'priority',
    ]),
    bufferedBytes: gauge('chorda_inference_buffered_bytes', 'Their bytes', ['priority']),
    paused: counter(
      'chorda_inference_paused_total',
      'Times that reading stood still for want of room, by class and bound',
      ['priority', 'bound'],
    ),
    window: gauge('chorda_inference_window_sequences', 'Sequences that may be under way at a server', [
      'replica',
      'model',
    ]),
    inFlight: gauge('chorda_inference_in_flight', 'Sequences of ours that are under way', ['replica', 'model']),
    cuts: counter('chorda_inference_window_cuts_total', 'Cuts of windows (figures, refused, latency)', [
      'replica',
      'cause',
    ]),
    prefixes: counter(
      'chorda_inference_prefix_choices_total',
      'Requests that begin like others, by whether they went to the server that holds the beginning (held, moved)',
      ['result'],
    ),
    breakerOpened: counter('chorda_inference_breaker_opened_total', 'Times that a breaker opened', [
      'replica',
      'model',
    ]),
    replicaUp: gauge('chorda_inference_replica_answers', 'Whether a server answers', ['replica']),
    figures: gauge('chorda_inference_replica_figures_info', 'Whether a server tells its load', ['replica']),
    queueSeconds: histogram('chorda_inference_queue_seconds', 'From the record reaching this worker to its call', [
      'priority',
    ]),
    waitSeconds: histogram('chorda_inference_wait_seconds', 'From the request being taken to its call', ['priority']),
    claimSeconds: histogram('chorda_inference_claim_seconds', 'Until an outcome was stored, its group included', []),
    publishFailures: counter(
      'chorda_inference_publish_failures_total',
      'Records that the brokers did not take at once',
    ),
    republished: counter('chorda_inference_republished_total', 'Records that another worker had left unpublished'),
    lostAttempts: counter(
      'chorda_inference_attempts_lost_total',
      'Calls of workers that are gone, accounted by estimate',
    ),
    tokenRecords: counter('chorda_inference_token_records_total', 'Records of parts of answers'),
    tokensDropped: counter('chorda_inference_token_records_dropped_total', 'Those that could not be sent on'),
    budgetRefusals: counter('chorda_inference_budget_refusals_total', 'Requests that a budget refused', ['of']),
    tokens: counter('gen_ai_client_token_usage_total', 'Tokens that models were sent and gave, by model and kind', [
      'gen_ai_request_model',
      'gen_ai_token_type',
    ]),
    duration: histogram('gen_ai_client_operation_duration_seconds', 'How long calls of models took', [
      'gen_ai_operation_name',
      'gen_ai_request_model',
    ]),
    firstChunk: histogram('gen_ai_client_operation_time_to_first_chunk_seconds', 'From a call to its first chunk', [
      'gen_ai_operation_name',
      'gen_ai_request_model',
    ]),
  };
}
