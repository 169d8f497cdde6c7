import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The gateway's own figures. Labels are of few values: never an id, a tenant or an address as it was sent. */
export class GatewayMetrics {
  readonly requestDuration: Histogram<'method' | 'route' | 'status'>;
  readonly ingestedEvents: Counter<'result'>;
  readonly producerRequests: Counter;
  readonly producerRecords: Counter;
  readonly producerBytes: Counter;
  readonly refusedRequests: Counter<'reason'>;
  readonly bytesInFlight: Gauge;
  readonly requestsInFlight: Gauge;
  readonly rateLimited: Counter<'window'>;
  readonly limitsAlone: Counter;
  readonly parkedDiscards: Counter<'projection'>;
  readonly auditPublished: Counter<'result'>;
  readonly auditDenied: Counter<'result'>;
  readonly readsInFlight: Gauge;
  readonly readsRefused: Counter<'reason'>;
  readonly positionWaiters: Gauge;
  readonly positionWaits: Counter<'result'>;
  readonly unavailable: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.requestDuration = new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Time from the first byte of a request to the last of its answer, by route',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.ingestedEvents = new Counter({
      name: 'chorda_ingest_events_total',
      help: 'Events that came through the door, by what became of them',
      labelNames: ['result'],
      registers,
    });
    const counter = (name: string, help: string) => new Counter({ name, help, registers });
    this.producerRequests = counter('chorda_producer_requests_total', 'Requests to brokers that carried records');
    this.producerRecords = counter('chorda_producer_records_total', 'Records in those requests, repeats included');
    this.producerBytes = counter('chorda_producer_bytes_total', 'Bytes of those records as they travelled');
    this.refusedRequests = new Counter({
      name: 'chorda_ingest_refused_requests_total',
      help: 'Writes that were told to come again before they were read, by the bound that was met',
      labelNames: ['reason'],
      registers,
    });
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
    this.readsInFlight = gauge('chorda_reads_in_flight', 'Reads of read models that are under way');
    this.readsRefused = new Counter({
      name: 'chorda_reads_refused_total',
      help: 'Reads that were refused because a bound was hit: in_flight, waiters',
      labelNames: ['reason'],
      registers,
    });
    this.positionWaiters = gauge('chorda_position_waiters', 'Requests that wait for projections to pass a position');
    this.positionWaits = new Counter({
      name: 'chorda_position_waits_total',
      help: 'Waits for a position by how they ended: reached, or the reason why not',
      labelNames: ['result'],
      registers,
    });
    this.unavailable = counter(
      'chorda_unavailable_answers_total',
      'Requests that were told to come again, because a server that they need is away',
    );
    this.bytesInFlight = gauge('chorda_ingest_in_flight_bytes', 'Bytes of requests that wait for the brokers');
    this.requestsInFlight = gauge('chorda_ingest_in_flight_requests', 'Requests that wait for the brokers');
    this.rateLimited = new Counter({
      name: 'chorda_rate_limited_total',
      help: 'Requests that were answered 429, by the limit that was used up',
      labelNames: ['window'],
      registers,
    });
    this.limitsAlone = new Counter({
      name: 'chorda_rate_limit_redis_failures_total',
      help: 'Questions about limits that Redis did not answer: this gateway counted alone',
      registers,
    });
    this.parkedDiscards = new Counter({
      name: 'chorda_parked_discards_total',
      help: 'Parked events that were given up',
      labelNames: ['projection'],
      registers,
    });
    this.auditPublished = new Counter({
      name: 'chorda_audit_events_total',
      help: 'audit.changed events by result; failed: rounds that left them waiting in the outbox',
      labelNames: ['result'],
      registers,
    });
    this.auditDenied = new Counter({
      name: 'chorda_audit_denials_total',
      help: 'Refusals of known callers, by whether the audit log was told (published, repeated, dropped, failed)',
      labelNames: ['result'],
      registers,
    });
  }
}
