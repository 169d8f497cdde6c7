import { crashPoint, isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { commitTurn, type TurnWrites } from '../store/commit-turn.js';
import type { PartitionClaim } from '../store/partition-row.js';

/** Commits a turn; where a test has planted a bug, in the wrong way that its checker has to catch. */
export async function commitOrPlanted(pool: pg.Pool, claim: PartitionClaim, writes: TurnWrites): Promise<boolean> {
  if (isPlanted('decisions-outcome-apart')) return withOutcomesApart(pool, claim, writes);
  if (isPlanted('decisions-timer-apart')) await deleteTimersApart(pool, claim, writes);
  crashPoint('decisions-before-commit');
  return commitTurn(pool, claim, writes);
}

async function withOutcomesApart(pool: pg.Pool, claim: PartitionClaim, writes: TurnWrites): Promise<boolean> {
  const isOwner = await commitTurn(pool, claim, { ...writes, outcomes: [] });
  crashPoint('decisions-after-commit');
  const after = { ...claim, nextSeq: writes.nextSeq, nextCommandOffset: writes.nextCommandOffset };
  return isOwner && commitTurn(pool, after, { ...writes, records: [], streams: [], timers: [] });
}

async function deleteTimersApart(pool: pg.Pool, { kind, partition }: PartitionClaim, { timers }: TurnWrites) {
  const gone = timers.filter(({ dueMs }) => dueMs === undefined).map(({ timerId }) => timerId);
  await pool.query('DELETE FROM decision_timers WHERE kind = $1 AND partition = $2 AND timer_id = ANY ($3)', [
    ...[kind, partition],
    gone,
  ]);
}
