import type { StreamRef, Typed } from '@chorda/domain';
import { tenantId } from '@chorda/kernel';
import type pg from 'pg';
import type { DueTimer, TurnCommand } from '../turn/turn.js';
import type { PartitionPlace } from './partition-row.js';

/** What a turn has to know before any stream. */
export interface TurnGround {
  /** By the clock of the database: milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** The status of commands that were decided before, by their place among those asked about. */
  readonly known: ReadonlyMap<number, string>;
  /** In the order in which they came due. */
  readonly due: readonly DueTimer[];
  /** When the next timer comes due, of those that are not in `due`. */
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
  readonly known: readonly (readonly [place: number, status: string])[] | null;
  readonly due: readonly DueRow[] | null;
}

/**
 * Reads the clock, which of the commands are known, and the timers that are due: one statement, whatever their number.
 *
 * Its LIMIT 1, as those of other reads here, keeps each command a lookup of its own: a plan that is kept from when the
 * table was empty joins the other way round, and read the whole table for every turn.
 *
 * @param timersMax 0: none is asked for, because none is due by what was last read.
 */
export async function loadGround(
  pool: pg.Pool,
  { kind, partition }: PartitionPlace,
  commands: readonly TurnCommand<Typed>[],
  timersMax: number,
): Promise<TurnGround> {
  const { rows } = await pool.query<GroundRow>({
    name: timersMax > 0 ? 'decisions: load ground and timers' : 'decisions: load ground',
    text: `WITH clock AS MATERIALIZED (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms)
      SELECT now_ms,
        (SELECT json_agg(json_build_array(asked.place - 1, o.status))
         FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS asked (tenant_id, command_id, place)
         CROSS JOIN LATERAL (SELECT status FROM decision_outcomes WHERE tenant_id = asked.tenant_id AND kind = $1
           AND command_id = asked.command_id LIMIT 1) o
        ) AS known,
        ${timersMax > 0 ? dueTimers : 'NULL::json AS due'}
      FROM clock`,
    values: [
      kind,
      commands.map(({ context }) => context.tenantId),
      commands.map(({ context }) => context.id),
      ...(timersMax > 0 ? [partition, timersMax + 1] : []),
    ],
  });
  const [row] = rows;
  if (!row) throw new TypeError('A row with the clock always comes');
  const nowMs = Number(row.now_ms);
  const asked = (row.due ?? []).slice(0, timersMax);
  const due = asked.filter(({ due_ms }) => due_ms <= nowMs);
  const next = (row.due ?? [])[due.length];
  return { nowMs, known: new Map(row.known ?? []), due: due.map(dueTimer), nextDueMs: next?.due_ms };
}

/** The due ones and the one after them, which says how long to sleep. */
const dueTimers = `(SELECT json_agg(due ORDER BY due.due_ms, due.timer_id) FROM (
    SELECT tenant_id, stream_kind, stream_id, timer_id, subject, due_ms, correlation_id FROM decision_timers
    WHERE kind = $1 AND partition = $4 ORDER BY due_ms LIMIT $5
  ) AS due) AS due`;

function dueTimer(row: DueRow): DueTimer {
  const stream: StreamRef = { kind: row.stream_kind, id: row.stream_id };
  return {
    ...{ tenantId: tenantId(row.tenant_id), subject: row.subject, stream },
    timer: { id: row.timer_id, dueMs: row.due_ms },
    correlationId: row.correlation_id,
  };
}
