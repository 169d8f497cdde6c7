import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the doors to inference count. Labels are of few values. */
export class InferenceMetrics {
  readonly requests: Counter<'door' | 'operation' | 'result'>;
  readonly refused: Counter<'reason'>;
  readonly cancels: Counter<'reason'>;
  readonly waiters: Gauge;
  readonly firstToken: Histogram;
  readonly unreadable: Counter;
  readonly tokenBytes: Gauge;
  readonly tokensEvicted: Counter;
  readonly lookedUp: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'chorda_inference_door_requests_total',
      help: 'Inference requests by door and by how their callers were answered',
      labelNames: ['door', 'operation', 'result'],
      registers,
    });
    this.refused = new Counter({
      name: 'chorda_inference_door_refused_total',
      help: 'Inference requests that were not taken, by the bound that was met',
      labelNames: ['reason'],
      registers,
    });
    this.cancels = new Counter({
      name: 'chorda_inference_door_cancels_total',
      help: 'Cancellations that were put on inference.control: asked for, or because the caller left',
      labelNames: ['reason'],
      registers,
    });
    this.waiters = new Gauge({
      name: 'chorda_inference_door_waiters',
      help: 'Callers that wait for an outcome or follow tokens',
      registers,
    });
    this.firstToken = new Histogram({
      name: 'chorda_inference_door_first_token_seconds',
      help: 'Time from a streaming request to the first byte of its answer',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.unreadable = new Counter({
      name: 'chorda_inference_door_unreadable_total',
      help: 'Records of inference.events and inference.tokens for callers of this gateway that could not be read',
      registers,
    });
    this.tokenBytes = new Gauge({
      name: 'chorda_inference_door_token_bytes',
      help: 'Bytes of tokens that are kept for who comes late to a stream',
      registers,
    });
    this.tokensEvicted = new Counter({
      name: 'chorda_inference_door_tokens_evicted_total',
      help: 'Requests whose tokens were dropped to make room: who comes late to them sees the outcome alone',
      registers,
    });
    this.lookedUp = new Counter({
      name: 'chorda_inference_door_looked_up_total',
      help: 'Outcomes that were found in the database because the event did not reach this gateway in time',
      registers,
    });
  }
}
