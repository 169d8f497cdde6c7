import { systemClock } from '@chorda/kernel';
import { readLogStanding } from '@chorda/messaging';
import {
  CheckpointRepository,
  placesToAsk,
  projectionStandings,
  type Checkpoint,
  type PartitionStanding,
  type ProjectionStanding,
} from '@chorda/read-models';
import type { CommandContext } from '../command-line/command-line.js';
import { databaseUrlOf, withDatabase } from '../command-line/database.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { withKafka } from '../command-line/kafka.js';
import type { Output } from '../command-line/output.js';

/** Somebody who asks once can wait longer than a page that asks every second. */
const logMsMax = 10_000;

/** The same answer as `GET /v1/projections`, made without a gateway. */
export async function listProjections(
  { output, environment }: CommandContext,
  options: { readonly partitions?: boolean },
): Promise<ExitCode> {
  const checkpoints = await readCheckpoints(environment);
  const projections = await withKafka(environment, async (driver) => {
    const admin = await driver.admin();
    const log = await readLogStanding(driver, admin, placesToAsk(checkpoints), { timeoutMs: logMsMax });
    return projectionStandings(checkpoints, log, systemClock.nowMs());
  });
  output.result({ projections }, () => {
    if (projections.length === 0) return 'No projection has begun yet: is a projector running?';
    return options.partitions === true ? partitionsText(output, projections) : topicsText(output, projections);
  });
  return projections.some(({ state }) => state === 'stopped') ? exitCodes.failed : exitCodes.ok;
}

function partitionsText(output: Output, projections: readonly ProjectionStanding[]): string {
  const rows = projections.flatMap((projection) =>
    projection.partitions.map((partition) => [
      nameOf(projection),
      partition.topic,
      String(partition.partition),
      partition.next_offset,
      lagText(output, lagOf(partition)),
      (partition.lag_seconds ?? 0).toFixed(1),
      partition.owner,
      output.paint('bad', partition.stopped_reason ?? ''),
    ]),
  );
  return output.table(['PROJECTION', 'TOPIC', 'PARTITION', 'NEXT', 'LAG', 'SECONDS', 'OWNER', 'STOPPED BY'], rows);
}

/** A line for each topic: its partitions added up, and the worst of them for what does not add up. */
function topicsText(output: Output, projections: readonly ProjectionStanding[]): string {
  const rows = projections.flatMap((projection) =>
    [...Map.groupBy(projection.partitions.filter(hasSomethingToSay), ({ topic }) => topic)].map(([topic, members]) => [
      nameOf(projection),
      topic,
      String(members.length),
      String(members.reduce((sum, { next_offset }) => sum + BigInt(next_offset), 0n)),
      lagText(
        output,
        members.reduce((sum, member) => sum + lagOf(member), 0n),
      ),
      Math.max(...members.map(({ lag_seconds }) => lag_seconds ?? 0)).toFixed(1),
      [...new Set(members.map(({ owner }) => owner))].join(' '),
      output.paint('bad', reasonsOf(members)),
    ]),
  );
  return output.table(['PROJECTION', 'TOPIC', 'PARTITIONS', 'PASSED', 'LAG', 'SECONDS', 'OWNERS', 'STOPPED BY'], rows);
}

/** Every topic has another one for what is sent through again; most of those are empty for ever. */
function hasSomethingToSay({ topic, next_offset, end_offset, stopped_reason }: PartitionStanding): boolean {
  return !topic.includes('.retry.') || next_offset !== '0' || (end_offset ?? '0') !== '0' || stopped_reason !== null;
}

function reasonsOf(partitions: readonly PartitionStanding[]): string {
  return partitions
    .filter(({ stopped_reason }) => stopped_reason !== null)
    .map(({ partition, stopped_reason }) => `partition ${partition}: ${stopped_reason}`)
    .join('; ');
}

function nameOf({ name, version }: ProjectionStanding): string {
  return `${name} v${version}`;
}

function lagOf({ lag_events }: PartitionStanding): bigint {
  return BigInt(lag_events ?? 0);
}

function lagText(output: Output, lag: bigint): string {
  return lag === 0n ? '0' : output.paint('warn', String(lag));
}

async function readCheckpoints(environment: NodeJS.ProcessEnv): Promise<readonly Checkpoint[]> {
  return withDatabase(environment, async (pool) => {
    const repository = new CheckpointRepository(pool, databaseUrlOf(environment));
    try {
      return await repository.ofProjection();
    } finally {
      await repository.close();
    }
  });
}
