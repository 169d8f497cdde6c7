import { createHash } from 'node:crypto';
import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';

/** A step or a state that waits for an event of another run. */
export interface EventWait {
  readonly tenantId: TenantId;
  readonly runId: string;
  /** Another one each time that it begins to wait. */
  readonly waitId: string;
  /** Of the event, or the channel that it comes by. */
  readonly name: string;
  /** Null: of any key. */
  readonly key: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly expiresMs: number;
}

/** What a run said to all others, or a producer to whoever waits for it. */
export interface EmittedEvent {
  readonly tenantId: TenantId;
  readonly eventId: string;
  /** Who said it: it does not hear itself. Empty: a producer. */
  readonly runId: string;
  /** The event that was sent; absent: `eventId`. */
  readonly causeId?: string;
  /** What waits are looked up by in the place of its name. */
  readonly channel?: string;
  readonly name: string;
  readonly key: string | null;
  /** JSON text. */
  readonly data: string;
  readonly correlationId: string;
  readonly emittedMs: number;
  /** Null: it is for those alone who wait already. */
  readonly expiresMs: number | null;
}

export interface FoundWait {
  readonly runId: string;
  readonly waitId: string;
  /** Told apart from the other wait of the run that the same event may be for: one that takes any key. */
  readonly keyDigest: string;
}

export interface RunRef {
  readonly tenantId: TenantId;
  readonly runId: string;
}

/** Events that a tenant keeps for waits that are yet to come, and their bytes together. */
export const keptEventsMax = 10_000;
export const keptBytesMax = 64 * 1024 * 1024;

/** Of waits that any key satisfies. */
const anyKey = '*';
/** Of events that have none. */
const noKey = '-';

interface KeptRow {
  readonly event_id: string;
  readonly run_id: string;
  readonly said: string;
  readonly emitted_ms: string;
  readonly expires_ms: string;
}

interface WaitRow {
  readonly run_id: string;
  readonly wait_id: string;
  readonly key_digest: string;
}

type Said = Pick<EmittedEvent, 'name' | 'key' | 'data' | 'correlationId' | 'causeId'>;

/**
 * Who waits, and what was said. A wait and an event that belong together may be read by two processes at once: each is
 * written and committed before the other is looked for, so that one of the two finds it.
 */
export class RunEventsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** What a run waits for by the same name and key is one wait. Of each at most one may be given. */
  async addWaits(waits: readonly EventWait[]): Promise<void> {
    await this.pool.query(
      `INSERT INTO workflow_event_waits (tenant_id, run_id, wait_id, name_digest, key_digest, expires_at)
       SELECT t, r, w, n, k, to_timestamp(e / 1000)
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::double precision[])
         AS given (t, r, w, n, k, e)
       ON CONFLICT (tenant_id, run_id, name_digest, key_digest) DO UPDATE SET wait_id = excluded.wait_id,
         expires_at = greatest(workflow_event_waits.expires_at, excluded.expires_at)`,
      [
        waits.map(({ tenantId }) => tenantId),
        waits.map(({ runId }) => runId),
        waits.map(({ waitId }) => waitId),
        waits.map(({ name }) => digest(name)),
        waits.map(({ key }) => (key === null ? anyKey : digest(key))),
        waits.map(({ expiresMs }) => expiresMs),
      ],
    );
  }

  /** Keeps those that are for later waits too. */
  async keep(events: readonly EmittedEvent[]): Promise<void> {
    const kept = events.filter(({ expiresMs }) => expiresMs !== null);
    if (kept.length === 0) return;
    await this.pool.query(
      `INSERT INTO workflow_events_kept (tenant_id, event_id, run_id, name_digest, key_digest, said, emitted_at, expires_at)
       SELECT t, i, r, n, k, s, to_timestamp(m / 1000), to_timestamp(e / 1000)
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::double precision[],
         $8::double precision[]) AS given (t, i, r, n, k, s, m, e) ON CONFLICT DO NOTHING`,
      [
        kept.map(({ tenantId }) => tenantId),
        kept.map(({ eventId }) => eventId),
        kept.map(({ runId }) => runId),
        kept.map(({ channel, name }) => digest(channel ?? name)),
        kept.map(({ key }) => keyDigest(key)),
        kept.map(saidOf),
        kept.map(({ emittedMs }) => emittedMs),
        kept.map(({ expiresMs }) => expiresMs),
      ],
    );
  }

  /** @returns A page of the waits of other runs that an event may be for and that have not had it, those after `last`. */
  async waitsFor(event: EmittedEvent, last: FoundWait | undefined, max: number): Promise<readonly FoundWait[]> {
    const { rows } = await this.pool.query<WaitRow>(
      `SELECT run_id, wait_id, key_digest FROM workflow_event_waits AS w
       WHERE tenant_id = $1 AND name_digest = $2 AND key_digest = ANY ($3::text[]) AND run_id <> $4 AND expires_at > now()
         AND (run_id, key_digest) > ($5, $6)
         AND NOT EXISTS (SELECT 1 FROM workflow_events_taken AS t
           WHERE t.tenant_id = $1 AND t.event_id = $7 AND t.run_id = w.run_id)
       ORDER BY run_id, key_digest LIMIT $8`,
      [
        ...[event.tenantId, digest(event.channel ?? event.name), [anyKey, keyDigest(event.key)], event.runId],
        ...[last?.runId ?? '', last?.keyDigest ?? '', event.eventId, max],
      ],
    );
    return rows.map((row) => ({ runId: row.run_id, waitId: row.wait_id, keyDigest: row.key_digest }));
  }

  /** @returns A page of what other runs said before and this wait may be for, the oldest first, those after `last`. */
  async saidBefore(wait: EventWait, last: EmittedEvent | undefined, max: number): Promise<readonly EmittedEvent[]> {
    const ofKey = wait.key === null ? '' : 'AND key_digest = $7';
    const { rows } = await this.pool.query<KeptRow>(
      `SELECT event_id, run_id, said, (extract(epoch FROM emitted_at) * 1000)::bigint AS emitted_ms,
         (extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms
       FROM workflow_events_kept AS e
       WHERE tenant_id = $1 AND name_digest = $2 AND run_id <> $3 AND expires_at > now()
         AND (emitted_at, event_id) > (to_timestamp($4::double precision / 1000), $5) ${ofKey}
         AND NOT EXISTS (SELECT 1 FROM workflow_events_taken AS t
           WHERE t.tenant_id = $1 AND t.event_id = e.event_id AND t.run_id = $3)
       ORDER BY emitted_at, event_id LIMIT $6`,
      [
        ...[wait.tenantId, digest(wait.name), wait.runId, last?.emittedMs ?? 0, last?.eventId ?? '', max],
        ...(wait.key === null ? [] : [keyDigest(wait.key)]),
      ],
    );
    return rows.map((row) => keptEvent(wait.tenantId, row));
  }

  /** A run has it: it is never given it again, whatever it waits for later. */
  async taken({ tenantId, eventId, expiresMs }: EmittedEvent, runId: string): Promise<void> {
    if (expiresMs === null) return;
    await this.pool.query(
      `INSERT INTO workflow_events_taken (tenant_id, event_id, run_id, expires_at)
       VALUES ($1, $2, $3, to_timestamp($4::double precision / 1000)) ON CONFLICT DO NOTHING`,
      [tenantId, eventId, runId, expiresMs],
    );
  }

  /** Unless it has begun to wait anew since. */
  async endWait(tenantId: TenantId, { runId, waitId }: Pick<FoundWait, 'runId' | 'waitId'>): Promise<void> {
    await this.pool.query('DELETE FROM workflow_event_waits WHERE tenant_id = $1 AND run_id = $2 AND wait_id = $3', [
      ...[tenantId, runId, waitId],
    ]);
  }

  /** A run that has ended waits for nothing. */
  async endWaitsOf(runs: readonly RunRef[]): Promise<void> {
    await this.pool.query(
      `DELETE FROM workflow_event_waits AS w USING unnest($1::text[], $2::text[]) AS ended (tenant_id, run_id)
       WHERE w.tenant_id = ended.tenant_id AND w.run_id = ended.run_id`,
      [runs.map(({ tenantId }) => tenantId), runs.map(({ runId }) => runId)],
    );
  }

  /** @returns How many events were dropped before their time, because a tenant keeps as many as it may. */
  async clean(eventsMax = keptEventsMax, bytesMax = keptBytesMax): Promise<number> {
    for (const table of ['workflow_event_waits', 'workflow_events_kept', 'workflow_events_taken']) {
      await this.pool.query(`DELETE FROM ${table} WHERE expires_at < now() - interval '1 minute'`);
    }
    const { rowCount } = await this.pool.query(
      `DELETE FROM workflow_events_kept AS k USING (
         SELECT tenant_id, event_id, row_number() OVER newest AS place, sum(octet_length(said)) OVER newest AS bytes
         FROM workflow_events_kept WINDOW newest AS (PARTITION BY tenant_id ORDER BY emitted_at DESC, event_id DESC)
       ) AS kept
       WHERE k.tenant_id = kept.tenant_id AND k.event_id = kept.event_id AND (place > $1 OR bytes > $2)`,
      [eventsMax, bytesMax],
    );
    return rowCount ?? 0;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function keyDigest(key: string | null): string {
  return key === null ? noKey : digest(key);
}

/** As JSON: a name may hold what a text of Postgres cannot. */
function saidOf({ name, key, data, correlationId, causeId }: EmittedEvent): string {
  const said: Said = { name, key, data, correlationId, ...(causeId !== undefined && { causeId }) };
  return JSON.stringify(said);
}

function keptEvent(tenantId: TenantId, row: KeptRow): EmittedEvent {
  // Written by `saidOf`.
  const said = JSON.parse(row.said) as Said;
  const { event_id: eventId, run_id: runId, emitted_ms: emittedMs, expires_ms: expiresMs } = row;
  return { tenantId, eventId, runId, ...said, emittedMs: Number(emittedMs), expiresMs: Number(expiresMs) };
}
