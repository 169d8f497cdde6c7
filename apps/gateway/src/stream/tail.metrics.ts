import { Counter, Gauge, type Registry } from 'prom-client';

/** The figures of the live tail. Labels are of few values: never an id, a tenant or a filter. */
export class TailMetrics {
  readonly tailClients: Gauge<'transport'>;
  readonly tailSubscriptions: Gauge<'transport'>;
  readonly tailEvents: Gauge;
  readonly tailBytes: Gauge;
  readonly tailDelivered: Counter<'transport'>;
  readonly tailDropped: Counter<'transport' | 'reason'>;
  readonly tailResyncs: Counter<'reason'>;
  readonly tailRefused: Counter<'bound'>;
  readonly tailEvicted: Counter;
  readonly tailRepeats: Counter;
  readonly tailUnreadable: Counter;
  readonly tailFilterFailures: Counter<'reason'>;
  readonly tailLogReads: Counter;
  readonly socketsClosed: Counter<'code'>;
  readonly socketMessages: Counter<'result'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Gauge({ name, help, labelNames, registers });
    const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter({ name, help, labelNames, registers });
    this.tailClients = gauge('chorda_tail_clients', 'Clients of the live tail', 'transport');
    this.tailSubscriptions = gauge('chorda_tail_subscriptions', 'Subscriptions of clients of the tail', 'transport');
    this.tailEvents = gauge('chorda_tail_events', 'Events that the live tail keeps in memory');
    this.tailBytes = gauge('chorda_tail_bytes', 'Bytes that the live tail keeps in memory');
    this.tailDelivered = counter('chorda_tail_delivered_events_total', 'Events given to clients', 'transport');
    this.tailDropped = counter(
      'chorda_tail_closed_total',
      'Subscriptions that the gateway ended: slow, filter_cost, filter_budget, credential, stopping, journal_lagging, unavailable',
      'transport',
      'reason',
    );
    this.tailResyncs = counter('chorda_tail_resyncs_total', 'Clients told that events are missing', 'reason');
    this.tailRefused = counter(
      'chorda_tail_refused_total',
      'Clients and subscriptions refused by a bound: total, tenant, key, unauthenticated, subscriptions',
      'bound',
    );
    this.tailEvicted = counter(
      'chorda_tail_evicted_events_total',
      'Events that left the memory of the tail for newer ones',
    );
    this.tailRepeats = counter('chorda_tail_repeats_total', 'Records that were repeats and shown to nobody');
    this.tailUnreadable = counter('chorda_tail_unreadable_total', 'Records that are no event and shown to nobody');
    this.tailFilterFailures = counter(
      'chorda_tail_filter_failures_total',
      'Evaluations of filters that gave no answer (error, taken for no) or cost too much (exhausted)',
      'reason',
    );
    this.tailLogReads = counter('chorda_tail_log_reads_total', 'Ranges read from the log because the journal lags');
    this.socketsClosed = counter('chorda_tail_sockets_closed_total', 'WebSockets closed, by close code', 'code');
    this.socketMessages = counter('chorda_tail_socket_messages_total', 'Messages of WebSocket clients', 'result');
  }
}
