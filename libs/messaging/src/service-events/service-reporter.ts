import { instanceId, type AnyEvent, type EventCodec } from '@chorda/contracts';
import { defaultTenant, newId, sleep, systemClock, type Logger } from '@chorda/kernel';
import { Counter, type Registry } from 'prom-client';
import type { Producer } from '../port.js';
import {
  errorAlert,
  healthCheck,
  performanceOf,
  resourceUsage,
  type Alert,
  type ServiceIdentity,
} from './service-events.js';
import type { ServiceFigures, ServiceHealth } from './service-figures.js';

export interface ServiceReporterOptions {
  readonly producer: Producer;
  readonly codec: Pick<EventCodec, 'encode'>;
  /** The app's name: gateway, projector. */
  readonly service: string;
  /** Names this instance among those of its service. */
  readonly instance: string;
  readonly version?: string;
  /** Where its HTTP door listens, as a URL. */
  readonly address?: string;
  /** Whether other apps run in this process. */
  readonly sharesProcess: boolean;
  /** Called once a report; the figures cover the time since the last one. */
  readonly sample: () => ServiceFigures;
  /** Counts as unhealthy when it throws or takes longer than `healthTimeoutMs`. */
  readonly health: () => Promise<ServiceHealth>;
  /** Default 5 s. */
  readonly intervalMs?: number;
  /** Default 2 s. */
  readonly healthTimeoutMs?: number;
  readonly logger: Logger;
  readonly metrics?: Registry;
}

export interface ServiceReporter {
  /** Publishes `system.error_alert`. Resolves when it is in the log or failed to get there; never rejects. */
  alert(alert: Alert): Promise<void>;
  /** Says "stopped" with a last health check, then nothing more. Takes at most 2 s; never rejects. */
  stop(): Promise<void>;
}

/** Alerts on their way at once; past it they are counted and dropped: a storm of them says nothing new. */
const alertsInFlightMax = 100;
const stopMsMax = 2_000;

/**
 * Publishes how an app is, about itself and with true figures: `system.health_check`, `.resource_usage` and
 * `.performance` at once and then every `intervalMs`.
 *
 * Nothing here can hurt the app: a report that is due while the last one still waits for the brokers is left out,
 * failures are counted (`chorda_self_reports_total`), and a log line says when publishing begins to fail and when it
 * works again.
 */
export function startServiceReporter(options: ServiceReporterOptions): ServiceReporter {
  const reporter = new Reporter(options);
  reporter.start();
  return reporter;
}

class Reporter implements ServiceReporter {
  private readonly identity: ServiceIdentity;
  private readonly intervalMs: number;
  private readonly startedAtMs = systemClock.nowMs();
  private readonly published: Counter<'type' | 'result'> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private reporting: Promise<void> | undefined;
  private stopped: Promise<void> | undefined;
  private alertsInFlight = 0;
  private failing = false;

  constructor(private readonly options: ServiceReporterOptions) {
    this.intervalMs = options.intervalMs ?? 5_000;
    this.identity = {
      service: options.service,
      instance: instanceId(options.instance),
      pid: process.pid,
      shares_process: options.sharesProcess,
      version: options.version ?? null,
      address: options.address ?? null,
    };
    if (options.metrics !== undefined) this.published = counterOf(options.metrics);
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), this.intervalMs).unref();
    this.tick();
  }

  async alert(alert: Alert): Promise<void> {
    if (this.alertsInFlight >= alertsInFlightMax) {
      this.published?.inc({ type: 'system.error_alert', result: 'dropped' });
      return;
    }
    this.alertsInFlight += 1;
    await this.publish(() => errorAlert(this.identity, alert), newId());
    this.alertsInFlight -= 1;
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    clearInterval(this.timer);
    const lastWord = async () => {
      await this.reporting;
      const stopped: ServiceHealth = { status: 'unhealthy', alerts: ['Stopped'] };
      await this.publish(() => this.healthCheck(this.options.sample(), stopped), newId());
    };
    const timeout = new AbortController();
    await Promise.race([lastWord(), sleep(stopMsMax, timeout.signal)]);
    timeout.abort();
  }

  private tick(): void {
    if (this.reporting !== undefined) {
      this.published?.inc({ type: 'system.health_check', result: 'skipped' });
      return;
    }
    this.reporting = this.report().finally(() => (this.reporting = undefined));
  }

  private async report(): Promise<void> {
    const health = await this.health();
    const correlationId = newId();
    const figures = this.sampled();
    if (figures === undefined) return;
    await Promise.all([
      this.publish(() => this.healthCheck(figures, health), correlationId),
      this.publish(() => resourceUsage(this.identity, figures), correlationId),
      this.publish(() => performanceOf(this.identity, figures), correlationId),
    ]);
  }

  private healthCheck(figures: ServiceFigures, health: ServiceHealth): AnyEvent {
    const { startedAtMs, intervalMs } = this;
    return healthCheck(this.identity, figures, health, { startedAtMs, intervalMs });
  }

  private sampled(): ServiceFigures | undefined {
    try {
      return this.options.sample();
    } catch (error) {
      this.note('system.health_check', error);
      return undefined;
    }
  }

  private async health(): Promise<ServiceHealth> {
    const { health, healthTimeoutMs = 2_000 } = this.options;
    const timeout = new AbortController();
    const late = sleep(healthTimeoutMs, timeout.signal).then(() =>
      unhealthy('The health check did not answer in time'),
    );
    try {
      return await Promise.race([health(), late]);
    } catch (error) {
      return unhealthy(`The health check failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      timeout.abort();
    }
  }

  private async publish(make: () => AnyEvent, correlationId: string): Promise<void> {
    let type = '';
    try {
      const event = make();
      ({ type } = event);
      const { service } = this.identity;
      const metadata = {
        id: newId(),
        source: `urn:chorda:service:${service}`,
        subject: service,
        tenantId: defaultTenant,
        timeMs: systemClock.nowMs(),
        correlationId,
      };
      await this.options.producer.send(this.options.codec.encode({ event, metadata }));
      this.note(type, undefined);
    } catch (error) {
      this.note(type, error);
    }
  }

  /** One line a change: an hour without brokers is one line and not two thousand. */
  private note(type: string, error: unknown): void {
    const failed = error !== undefined;
    this.published?.inc({ type, result: failed ? 'failed' : 'published' });
    if (failed === this.failing) return;
    this.failing = failed;
    if (failed) this.options.logger.warn('Reports about this service cannot be published', { error, event_type: type });
    else this.options.logger.info('Reports about this service are published again');
  }
}

function unhealthy(alert: string): ServiceHealth {
  return { status: 'unhealthy', alerts: [alert] };
}

const counters = new WeakMap<Registry, Counter<'type' | 'result'>>();

/** One a registry: an app that starts its reporter anew would register the name twice. */
function counterOf(registry: Registry): Counter<'type' | 'result'> {
  const known = counters.get(registry);
  if (known !== undefined) return known;
  const made = new Counter({
    name: 'chorda_self_reports_total',
    help: 'Events of a service about itself, by result (published, failed, skipped, dropped)',
    labelNames: ['type', 'result'],
    registers: [registry],
  });
  counters.set(registry, made);
  return made;
}
