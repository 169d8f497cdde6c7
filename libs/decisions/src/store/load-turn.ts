import type { StreamRef, Typed } from '@chorda/domain';
import { tenantId } from '@chorda/kernel';
import type pg from 'pg';
import type { DueTimer, TurnCommand } from '../turn/turn.js';
import { arrayParam } from './array-param.js';

/** What a turn asks the database for before it decides. */
export interface GroundAsk {
  readonly partition: number;
  /** 0: none is due by what was last read. */
  readonly timersMax: number;
  /** Commands that may have been decided before. */
  readonly commands: readonly TurnCommand<Typed>[];
}

/** What a turn has to know before any stream. */
export interface TurnGround {
  /** By the clock of the database: milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Commands that were decided before, by their place among those asked about. */
  readonly known: ReadonlySet<number>;
  /** In the order in which they came due. */
  readonly due: readonly DueTimer[];
  /** When the next timer comes due, of those that are not due yet. */
  readonly nextDueMs: number | undefined;
}

interface DueRow {
  readonly tenant_id: string;
  readonly stream_kind: string;
  readonly stream_id: string;
  readonly timer_id: string;
  readonly subject: string;
  readonly due_ms: number;
  readonly correlation_id: string;
}

interface GroundRow {
  readonly now_ms: string;
  readonly known: readonly number[] | null;
  readonly due: readonly DueRow[] | null;
  readonly next_due_ms: string | null;
}

/**
 * Reads the clock, which of the commands are known, and the timers that are due, for any number of partitions of a kind:
 * one statement.
 *
 * Its LIMIT 1, as those of other reads here, keeps each command a lookup of its own: a plan that is kept from when the
 * table was empty joins the other way round, and read the whole table for every turn.
 *
 * @returns One for each, in their order.
 */
export async function loadGrounds(
  pool: pg.Pool,
  kind: string,
  asks: readonly GroundAsk[],
): Promise<readonly TurnGround[]> {
  const commands = asks.flatMap(({ commands: asked }, ask) =>
    asked.map(({ context }, place) => ({ ask, place, context })),
  );
  const { rows } = await pool.query<GroundRow>({
    name: 'decisions: load grounds',
    text: groundStatement,
    values: [
      kind,
      arrayParam('int', asks, ({ partition }) => partition),
      arrayParam('int', asks, ({ timersMax }) => timersMax),
      arrayParam('int', commands, ({ ask }) => ask + 1),
      arrayParam('int', commands, ({ place }) => place),
      arrayParam('text', commands, ({ context }) => context.tenantId),
      arrayParam('text', commands, ({ context }) => context.id),
    ],
  });
  return rows.map((row) => ({
    nowMs: Number(row.now_ms),
    known: new Set(row.known),
    due: (row.due ?? []).map(dueTimer),
    nextDueMs: row.next_due_ms === null ? undefined : Number(row.next_due_ms),
  }));
}

const groundStatement = `WITH clock AS MATERIALIZED (
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms
  ), known AS MATERIALIZED (
    SELECT asked.ask, asked.place FROM unnest($4::int[], $5::int[], $6::text[], $7::text[])
      AS asked (ask, place, tenant_id, command_id)
    CROSS JOIN LATERAL (SELECT FROM decision_outcomes WHERE tenant_id = asked.tenant_id AND kind = $1
      AND command_id = asked.command_id LIMIT 1) AS o
  )
  SELECT now_ms,
    (SELECT array_agg(known.place) FROM known WHERE known.ask = asked.ask) AS known,
    (SELECT json_agg(due ORDER BY due.due_ms, due.timer_id) FROM (
       SELECT tenant_id, stream_kind, stream_id, timer_id, subject, due_ms, correlation_id FROM decision_timers
       WHERE kind = $1 AND partition = asked.partition AND due_ms <= now_ms ORDER BY due_ms LIMIT asked.timers_max
     ) AS due) AS due,
    CASE WHEN asked.timers_max > 0 THEN (
      SELECT due_ms FROM decision_timers WHERE kind = $1 AND partition = asked.partition AND due_ms > now_ms
      ORDER BY due_ms LIMIT 1) END AS next_due_ms
  FROM unnest($2::int[], $3::int[]) WITH ORDINALITY AS asked (partition, timers_max, ask), clock
  ORDER BY asked.ask`;

function dueTimer(row: DueRow): DueTimer {
  const stream: StreamRef = { kind: row.stream_kind, id: row.stream_id };
  return {
    ...{ tenantId: tenantId(row.tenant_id), subject: row.subject, stream },
    timer: { id: row.timer_id, dueMs: row.due_ms },
    correlationId: row.correlation_id,
  };
}
