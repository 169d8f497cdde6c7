import { crashPoint, isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { commitTurn, type Committed, type TurnToCommit } from '../store/commit-turn.js';

/** Commits a turn; where a test has planted a bug, in the wrong way that its checker has to catch. */
export async function commitOrPlanted(
  pool: pg.Pool,
  turn: TurnToCommit,
  commit: (turn: TurnToCommit) => Promise<Committed>,
): Promise<Committed> {
  if (isPlanted('decisions-outcome-apart')) return withOutcomesApart(pool, turn);
  if (isPlanted('decisions-timer-apart')) await deleteTimersApart(pool, turn);
  crashPoint('decisions-before-commit');
  return commit(turn);
}

async function withOutcomesApart(pool: pg.Pool, { claim, writes }: TurnToCommit): Promise<Committed> {
  const isOwner = await commitTurn(pool, claim, { ...writes, outcomes: [] });
  crashPoint('decisions-after-commit');
  const after = { ...claim, nextSeq: writes.nextSeq, nextCommandOffset: writes.nextCommandOffset };
  const isTold = isOwner && (await commitTurn(pool, after, { ...writes, records: [], streams: [], timers: [] }));
  return { kind: isTold ? 'committed' : 'fenced' };
}

async function deleteTimersApart(pool: pg.Pool, { claim: { kind, partition }, writes: { timers } }: TurnToCommit) {
  const gone = timers.filter(({ dueMs }) => dueMs === undefined).map(({ timerId }) => timerId);
  await pool.query('DELETE FROM decision_timers WHERE kind = $1 AND partition = $2 AND timer_id = ANY ($3)', [
    ...[kind, partition],
    gone,
  ]);
}
