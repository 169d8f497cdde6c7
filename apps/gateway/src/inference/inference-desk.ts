import { requestId, sessionId, type CommandCodec, type EventCodec } from '@chorda/contracts';
import { BackboneError, newId, systemClock, type Logger, type TenantId } from '@chorda/kernel';
import type { Producer, RecordPlace } from '@chorda/messaging';
import type { Credential } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import type { RequestTrace } from '../http/request-trace.js';
import type { RateLimits } from '../limits/rate-limits.js';
import { requestedData, type Ask } from './ask.js';
import type { InferenceMetrics } from './inference.metrics.js';
import type { InferenceWaits, Listener } from './inference-waits.js';
import type { RecentAsks } from './recent-asks.js';

export interface DeskSettings {
  readonly deadlineMs: number;
  readonly deadlineMsMax: number;
}

interface InferenceDeskParts {
  readonly producer: Producer;
  readonly events: EventCodec;
  readonly commands: CommandCodec;
  readonly waits: InferenceWaits;
  readonly recent: RecentAsks;
  readonly limits: RateLimits;
  readonly metrics: InferenceMetrics;
  readonly settings: DeskSettings;
  readonly logger: Logger;
}

/** Who asks, and in which trace. */
export interface Asker {
  readonly credential: Credential;
  readonly trace: RequestTrace;
}

/** A request that is in the log. */
export interface Taken {
  readonly place: RecordPlace;
  readonly deadlineAtMs: number;
}

/** What is known of a request that somebody withdraws. */
export interface Withdrawn {
  readonly requestId: string;
  readonly model?: string | undefined;
  readonly sessionId?: string | undefined;
}

const source = 'urn:chorda:service:gateway';

/** Puts requests and cancellations on the log, for both doors. */
export class InferenceDesk {
  constructor(private readonly parts: InferenceDeskParts) {}

  /** When the request expires. @throws {@link Problem} for a deadline that is too far away. */
  deadlineOf({ terms }: Pick<Ask, 'terms'>, nowMs: number): number {
    const { deadlineMs, deadlineMsMax } = this.parts.settings;
    const wanted = terms.deadline_ms ?? Math.min(deadlineMs, deadlineMsMax);
    if (wanted <= deadlineMsMax) return nowMs + wanted;
    const issues = [{ pointer: '/deadline_ms', detail: `must be at most ${deadlineMsMax}` }];
    throw new Problem('INVALID_REQUEST', `deadline_ms must be at most ${deadlineMsMax}`, { issues });
  }

  /**
   * Resolves once the request is in the log.
   *
   * @throws {@link Problem} `RATE_LIMITED`, `QUOTA_EXCEEDED`, `RECORD_TOO_LARGE`, `OVERLOADED`, `UNAVAILABLE`: nothing was
   * taken. `DELIVERY_UNKNOWN`: it may run.
   */
  async take(ask: Ask, { credential, trace }: Asker): Promise<Taken> {
    const { events, limits, producer, recent } = this.parts;
    const nowMs = systemClock.nowMs();
    const deadlineAtMs = this.deadlineOf(ask, nowMs);
    const data = requestedData(ask, deadlineAtMs, credential.keyId);
    await limits.admitEvents(credential, 1);
    try {
      const record = events.encode({
        event: { type: 'inference.requested', data },
        metadata: {
          id: ask.requestId,
          source,
          subject: ask.terms.session_id ?? ask.requestId,
          tenantId: credential.tenantId,
          timeMs: nowMs,
          correlationId: trace.requestId,
          traceparent: trace.traceparent,
        },
      });
      const place = await producer.send(record);
      recent.add(credential.tenantId, ask.requestId, { model: ask.model, sessionId: ask.terms.session_id });
      return { place, deadlineAtMs };
    } catch (error) {
      throw this.problemOf(error);
    }
  }

  /** Listens before the request is in the log, so that no answer comes too early to be heard. */
  listen(tenantId: TenantId, id: string, listener: Listener): () => void {
    return this.parts.waits.listen(tenantId, id, listener);
  }

  /** Resolves once the cancellation is in the log. @throws {@link Problem} as {@link take} does. */
  async cancel(
    { requestId: id, model, sessionId: session }: Withdrawn,
    reason: string,
    { credential, trace }: Asker,
  ): Promise<RecordPlace> {
    const { commands, metrics, producer } = this.parts;
    const data = {
      request_id: requestId(id),
      reason,
      cancelled_by: credential.keyId,
      request: model === undefined ? null : { session_id: session === undefined ? null : sessionId(session), model },
    };
    const metadata = {
      id: newId(),
      source,
      subject: id,
      tenantId: credential.tenantId,
      timeMs: systemClock.nowMs(),
      correlationId: trace.requestId,
      traceparent: trace.traceparent,
      actor: credential.keyId,
    };
    try {
      const place = await producer.send(commands.encode({ command: { type: 'inference.cancel', data }, metadata }));
      metrics.cancels.inc({ reason: reason === clientLeft ? clientLeft : 'asked' });
      return place;
    } catch (error) {
      throw this.problemOf(error);
    }
  }

  /** Nobody is there to be told: the request then ends at its deadline at the latest. */
  cancelForWhoLeft(withdrawn: Withdrawn, asker: Asker): void {
    this.cancel(withdrawn, clientLeft, asker).catch((error: unknown) => {
      this.parts.logger.warn('A request whose caller left could not be cancelled', { error });
    });
  }

  private problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    const code = error instanceof BackboneError ? error.code : '';
    const detail = error instanceof Error ? error.message : '';
    const headers = { 'retry-after': '1' };
    switch (code) {
      case 'EVENT_TOO_LARGE':
      case 'RECORD_TOO_LARGE':
        return new Problem('RECORD_TOO_LARGE', 'The request is larger than a record of the log may be, 1 MiB');
      case 'INVALID_EVENT':
      case 'INVALID_INPUT':
        return new Problem('INVALID_REQUEST', detail);
      case 'PRODUCER_QUEUE_FULL':
        this.parts.metrics.refused.inc({ reason: 'producer' });
        return new Problem('OVERLOADED', 'Too much waits for the brokers', { headers });
      case 'PRODUCER_CLOSED':
        return new Problem('STOPPING', 'This instance is stopping', { headers });
      case 'BROKER_UNAVAILABLE':
        return new Problem('UNAVAILABLE', 'No broker could be reached', { headers });
      default:
        this.parts.logger.warn('An inference request was not acknowledged', { error });
        return new Problem('DELIVERY_UNKNOWN', 'Not acknowledged in time: the request may run', { headers });
    }
  }
}

const clientLeft = 'client_left';
