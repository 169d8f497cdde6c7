import { Inject, Injectable } from '@nestjs/common';
import { EventCodec, formatTimestamp } from '@chorda/contracts';
import { sleep, type Logger, type TenantId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import {
  markAnnounced,
  ParkedRepository,
  parkedDiscardedEvent,
  type DiscardRequest,
  type ParkedDiscard,
  type ParkedGroup,
  type ParkedSequence,
} from '@chorda/read-models';
import type pg from 'pg';
import { eventJsonText } from '../events/event-json.js';
import { GatewayMetrics } from '../gateway.metrics.js';
import { gatewayLogger, gatewayPool, gatewayProducer } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';

/** How often a request that waits for a retry looks how it stands. */
const lookMs = 100;

/** Settles what projections have set aside, of one tenant. */
@Injectable()
export class ParkedDesk {
  private readonly parked: ParkedRepository;

  constructor(
    private readonly codec: EventCodec,
    private readonly metrics: GatewayMetrics,
    @Inject(gatewayPool) private readonly pool: pg.Pool,
    @Inject(gatewayProducer) private readonly producer: Producer,
    @Inject(gatewayLogger) private readonly logger: Logger,
  ) {
    this.parked = new ParkedRepository(pool);
  }

  async groups(tenant: TenantId, projection: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.parked.groups(tenant, projection)).map(groupJson);
  }

  /** Nothing is parked of a name that was mistyped either: that must not pass for good news. */
  async requireProjection(name: string): Promise<void> {
    if (await this.parked.isProjection(name)) return;
    throw new Problem('NOT_FOUND', `No projection is called ${name.slice(0, 100)}; GET /v1/projections lists them`);
  }

  /** A sequence with a page of its events, as JSON text. */
  async show(
    tenant: TenantId,
    projection: string,
    id: string,
    page: { readonly skip: number; readonly limit: number },
  ): Promise<string> {
    const sequence = await this.sequence(tenant, projection, id);
    const events = await this.parked.events(tenant, id, page.skip, page.limit + 1);
    const shown = events.slice(0, page.limit).map((event) => this.eventText(sequence, event));
    const next = events.length > page.limit ? String(page.skip + page.limit) : null;
    const head = JSON.stringify(sequenceJson(sequence));
    return `${head.slice(0, -1)},"waiting":[${shown.join(',')}],"next_cursor":${JSON.stringify(next)}}`;
  }

  /** @param waitMs How long to wait for its end; then the answer says that it is still asked for. */
  async retry(tenant: TenantId, projection: string, id: string, by: string, waitMs: number) {
    await this.sequence(tenant, projection, id);
    await this.parked.requestRetry(tenant, projection, { sequenceId: id }, by);
    const deadlineMs = Date.now() + waitMs;
    for (;;) {
      const standing = await this.parked.find(tenant, projection, id);
      if (standing === undefined) return { id, status: 'settled' as const };
      if (standing.retryRequestedAtMs === undefined) {
        return { id, status: 'stuck' as const, sequence: sequenceJson(standing) };
      }
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) return { id, status: 'requested' as const };
      await sleep(Math.min(lookMs, leftMs));
    }
  }

  async retryAll(tenant: TenantId, projection: string, fingerprint: string | undefined, by: string) {
    const requested = await this.parked.requestRetry(tenant, projection, { fingerprint }, by);
    if (requested === 0) await this.requireProjection(projection);
    return { requested };
  }

  async discard(tenant: TenantId, projection: string, id: string, request: DiscardRequest) {
    const sequence = await this.sequence(tenant, projection, id);
    if (request.gapOnly === true && sequence.reason !== 'gap') {
      throw wrong('/gap', 'is only for a sequence that waits for versions which are missing');
    }
    const answer = await this.parked.discard(tenant, projection, id, request);
    if (answer === undefined && request.throughOffset !== undefined) {
      throw wrong('/through_offset', 'must be the offset of an event of the sequence');
    }
    if (answer === undefined) throw notFound();
    this.metrics.parkedDiscards.inc({ projection }, answer.discard.events);
    await this.announce(answer.discard);
    const { discardId, events, firstOffset, lastOffset, reason, discardedBy, discardedAtMs } = answer.discard;
    return {
      id,
      event_id: discardId,
      discarded: events,
      left: answer.left,
      first_offset: String(firstOffset),
      last_offset: String(lastOffset),
      reason,
      discarded_by: discardedBy,
      discarded_at: formatTimestamp(discardedAtMs),
    };
  }

  /** It is discarded already: where the log cannot be told now, a projector tells it later, by the same id. */
  private async announce(discard: ParkedDiscard): Promise<void> {
    try {
      await this.producer.send(this.codec.encode(parkedDiscardedEvent(discard)));
      await markAnnounced(this.pool, discard);
    } catch (error) {
      this.logger.warn('A discard could not be told to the log yet', { discard_id: discard.discardId, error });
    }
  }

  private async sequence(tenant: TenantId, projection: string, id: string): Promise<ParkedSequence> {
    const found = /^[0-9a-f]{32}$/.test(id) ? await this.parked.find(tenant, projection, id) : undefined;
    if (found !== undefined) return found;
    await this.requireProjection(projection);
    throw notFound();
  }

  private eventText(
    { topic, partition }: ParkedSequence,
    event: Awaited<ReturnType<ParkedRepository['events']>>[number],
  ): string {
    const { key, value, headers, offset, recordTimeMs } = event;
    const texts = Object.entries(headers).flatMap(([name, bytes]) => {
      if (bytes === undefined) return [];
      return [[name, Buffer.isBuffer(bytes) ? bytes.toString('utf8') : bytes.map((each) => each.toString('utf8'))]];
    });
    const shown = JSON.stringify({
      offset: String(offset),
      stream_version: event.streamVersion === undefined ? null : String(event.streamVersion),
      recorded_at: formatTimestamp(recordTimeMs),
      parked_at: formatTimestamp(event.parkedAtMs),
      event_id: event.eventId ?? null,
      event_type: event.eventType ?? null,
      headers: Object.fromEntries(texts),
      key_base64: key?.toString('base64') ?? null,
      value_base64: value?.toString('base64') ?? null,
    });
    try {
      const envelope = this.codec.decode({ topic, key, value, headers });
      const text = eventJsonText(envelope, { topic, partition, offset, recordTimeMs });
      return `${shown.slice(0, -1)},"event":${text}}`;
    } catch (error) {
      const why = JSON.stringify(error instanceof Error ? error.message : String(error));
      return `${shown.slice(0, -1)},"event":null,"undecodable":${why}}`;
    }
  }
}

function notFound(): Problem {
  return new Problem('NOT_FOUND', 'The projection has no such parked sequence: it may have been settled meanwhile');
}

function wrong(pointer: string, detail: string): Problem {
  return new Problem('INVALID_REQUEST', `${pointer} ${detail}`, { issues: [{ pointer, detail }] });
}

const timeOrNull = (ms: number | undefined) => (ms === undefined ? null : formatTimestamp(ms));

function groupJson(group: ParkedGroup): Record<string, unknown> {
  return {
    fingerprint: group.fingerprint,
    reason: group.reason,
    error_class: group.errorClass,
    error_code: group.errorCode ?? null,
    error_message: group.errorMessage,
    event_type: group.eventType ?? null,
    sequences: group.sequences,
    events: group.events,
    oldest_at: formatTimestamp(group.oldestAtMs),
    newest_at: formatTimestamp(group.newestAtMs),
  };
}

function sequenceJson(sequence: ParkedSequence): Record<string, unknown> {
  return {
    id: sequence.sequenceId,
    projection: sequence.projection,
    version: sequence.version,
    topic: sequence.topic,
    partition: sequence.partition,
    aggregate_key: sequence.aggregateKey,
    events: sequence.events,
    bytes: sequence.bytes,
    first_offset: String(sequence.firstOffset),
    last_offset: String(sequence.lastOffset),
    reason: sequence.reason,
    fingerprint: sequence.fingerprint,
    error_class: sequence.errorClass,
    error_code: sequence.errorCode ?? null,
    error_message: sequence.errorMessage,
    event_type: sequence.eventType ?? null,
    parked_at: formatTimestamp(sequence.parkedAtMs),
    updated_at: formatTimestamp(sequence.updatedAtMs),
    retries: sequence.retries,
    retried_at: timeOrNull(sequence.retriedAtMs),
    retry_requested_at: timeOrNull(sequence.retryRequestedAtMs),
  };
}
