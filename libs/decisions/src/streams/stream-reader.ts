import type { EventMetadata } from '@chorda/contracts';
import type { StreamRef, Typed } from '@chorda/domain';
import { BackboneError, type TenantId } from '@chorda/kernel';
import { withTenant } from '@chorda/read-models';
import type pg from 'pg';
import { storedRecord, type StreamSource } from '../store/load-streams.js';
import { definitionOf } from '../turn/definition-of.js';

/** A state of a stream, and the event that led to it. */
export interface StreamAt<State> {
  readonly version: bigint;
  /** When its last event happened: milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly state: State;
}

export interface StreamEvent<Event extends Typed> {
  readonly version: bigint;
  readonly event: Event;
  readonly metadata: EventMetadata;
}

/** Which moment of a stream: by its count of events, or by the time. Left out: now. */
export type StreamMoment = { readonly version: bigint } | { readonly timeMs: number } | undefined;

/** A stream that is too long to be folded for one caller. */
export class StreamTooLongError extends BackboneError {
  readonly code = 'STREAM_TOO_LONG';
  readonly retriable = false;
}

interface Row {
  readonly version: string;
  readonly time_ms: string;
  readonly topic: string;
  readonly subject: string;
  readonly value: Buffer;
  readonly headers: string;
}

const pageSize = 1_000;
const eventsMax = 100_000;

/** Reads streams for people: as one tenant, and from the tables alone, beside the engine and without holding it up. */
export class StreamReader<States, Command extends Typed, Event extends Typed> {
  constructor(
    private readonly pool: pg.Pool,
    private readonly source: StreamSource<States, Command, Event>,
  ) {}

  /**
   * The state that the stream had, folded from its events: what it says follows from them and from nothing else.
   *
   * @returns Undefined where the stream had no event then.
   * @throws {@link StreamTooLongError} past 100,000 events.
   */
  async at<Kind extends keyof States & string>(
    tenant: TenantId,
    stream: StreamRef<Kind>,
    moment?: StreamMoment,
  ): Promise<StreamAt<States[Kind]> | undefined> {
    const definition = definitionOf(this.source.aggregate, stream);
    let state = definition.initialState;
    let last: { readonly version: bigint; readonly timeMs: number } | undefined;
    for (let after = 0n; ;) {
      const page = await this.page(tenant, stream, after, pageSize, moment);
      for (const { version, event, metadata } of page) {
        state = definition.evolve(state, event);
        last = { version, timeMs: metadata.timeMs };
      }
      after = page.at(-1)?.version ?? after;
      if (page.length < pageSize) break;
      if (after >= BigInt(eventsMax)) {
        throw new StreamTooLongError(`${stream.kind}-${stream.id} has more than ${eventsMax} events before that`);
      }
    }
    return last && { ...last, state: state as States[Kind] };
  }

  /** Events behind `after`, in order, at most `limit`. */
  history(tenant: TenantId, stream: StreamRef, after: bigint, limit: number): Promise<readonly StreamEvent<Event>[]> {
    return this.page(tenant, stream, after, Math.min(limit, pageSize), undefined);
  }

  private page(
    tenant: TenantId,
    stream: StreamRef,
    after: bigint,
    limit: number,
    moment: StreamMoment,
  ): Promise<readonly StreamEvent<Event>[]> {
    const { aggregate, codec } = this.source;
    return withTenant(this.pool, tenant, async (tx) => {
      const { rows } = await tx.query<Row>(
        `SELECT version, time_ms, topic, subject, value, headers FROM decision_events
         WHERE tenant_id = $1 AND kind = $2 AND stream_kind = $3 AND stream_id = $4 AND version > $5
           AND ($6::bigint IS NULL OR version <= $6) AND ($7::bigint IS NULL OR time_ms <= $7)
         ORDER BY version LIMIT $8`,
        [
          ...[tenant, aggregate.kind, stream.kind, stream.id, after],
          moment && 'version' in moment ? moment.version : null,
          moment && 'timeMs' in moment ? Math.floor(moment.timeMs) : null,
          limit,
        ],
      );
      return rows.map((row) => ({ version: BigInt(row.version), ...codec.decodeEvent(storedRecord(tenant, row)) }));
    });
  }
}
