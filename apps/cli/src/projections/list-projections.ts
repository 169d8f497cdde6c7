import type { KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import { CheckpointRepository, type Checkpoint } from '@chorda/read-models';
import type { CommandContext } from '../command-line/command-line.js';
import { databaseUrlOf, withDatabase } from '../command-line/database.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { withKafka } from '../command-line/kafka.js';
import type { Output } from '../command-line/output.js';

interface ProjectionPartition extends Checkpoint {
  /** One past the last record of the log. */
  readonly endOffset: bigint;
  readonly lagRecords: bigint;
  /** Age of the oldest record that is not applied; 0 where none waits. */
  readonly lagSeconds: number;
}

export async function listProjections(
  { output, environment }: CommandContext,
  options: { readonly partitions?: boolean },
): Promise<ExitCode> {
  const checkpoints = await readCheckpoints(environment);
  const partitions = await withKafka(environment, (driver) => withLag(driver, checkpoints));
  const stopped = partitions.filter((partition) => partition.stoppedReason !== undefined);
  output.result({ projections: partitions.map(partitionJson) }, () => {
    if (partitions.length === 0) return 'No projection has begun yet: is a projector running?';
    return options.partitions === true ? partitionsText(output, partitions) : topicsText(output, partitions);
  });
  return stopped.length === 0 ? exitCodes.ok : exitCodes.failed;
}

function partitionsText(output: Output, partitions: readonly ProjectionPartition[]): string {
  return output.table(
    ['PROJECTION', 'TOPIC', 'PARTITION', 'NEXT', 'LAG', 'SECONDS', 'OWNER', 'STOPPED BY'],
    partitions.map((partition) => [
      nameOf(partition),
      partition.topic,
      String(partition.partition),
      String(partition.nextOffset),
      lagText(output, partition.lagRecords),
      partition.lagSeconds.toFixed(1),
      partition.owner,
      output.paint('bad', partition.stoppedReason ?? ''),
    ]),
  );
}

/** A line for each topic: its partitions added up, and the worst of them for what does not add up. */
function topicsText(output: Output, partitions: readonly ProjectionPartition[]): string {
  const topics = Map.groupBy(partitions, (partition) => `${nameOf(partition)} ${partition.topic}`);
  const rows = [...topics.values()].map((members) => {
    const stopped = members.filter((member) => member.stoppedReason !== undefined);
    const reasons = stopped.map((member) => `partition ${member.partition}: ${member.stoppedReason}`).join('; ');
    return [
      nameOf(members[0]!),
      members[0]!.topic,
      String(members.length),
      String(members.reduce((sum, member) => sum + member.nextOffset, 0n)),
      lagText(
        output,
        members.reduce((sum, member) => sum + member.lagRecords, 0n),
      ),
      Math.max(...members.map((member) => member.lagSeconds)).toFixed(1),
      [...new Set(members.map((member) => member.owner))].join(' '),
      output.paint('bad', reasons),
    ];
  });
  return output.table(['PROJECTION', 'TOPIC', 'PARTITIONS', 'PASSED', 'LAG', 'SECONDS', 'OWNERS', 'STOPPED BY'], rows);
}

function nameOf({ projection, version }: Checkpoint): string {
  return `${projection} v${version}`;
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

async function withLag(
  driver: KafkaDriver,
  checkpoints: readonly Checkpoint[],
): Promise<readonly ProjectionPartition[]> {
  const ends = await endsOf(await driver.admin(), checkpoints);
  const partitions: ProjectionPartition[] = [];
  for (const checkpoint of checkpoints) {
    const endOffset = ends.get(`${checkpoint.topic} ${checkpoint.partition}`) ?? checkpoint.nextOffset;
    const behind = endOffset - checkpoint.nextOffset;
    // The log's end is read after the checkpoint, so a moving projection looks a little behind, and never ahead.
    const lagRecords = behind > 0n ? behind : 0n;
    const lagSeconds = lagRecords === 0n ? 0 : await ageOfNext(driver, checkpoint, endOffset);
    partitions.push({ ...checkpoint, endOffset, lagRecords, lagSeconds });
  }
  return partitions;
}

async function endsOf(admin: KafkaAdmin, checkpoints: readonly Checkpoint[]): Promise<ReadonlyMap<string, bigint>> {
  const ends = new Map<string, bigint>();
  for (const topic of new Set(checkpoints.map((checkpoint) => checkpoint.topic))) {
    for (const { partition, end } of await admin.offsets(topic)) ends.set(`${topic} ${partition}`, end);
  }
  return ends;
}

async function ageOfNext(driver: KafkaDriver, { topic, partition, nextOffset }: Checkpoint, end: bigint) {
  for await (const { records } of driver.scan({ topic, partition, from: nextOffset, to: end })) {
    const first = records[0];
    // Nothing but control records so far: the next chunk has the first of ours.
    if (first !== undefined) return Math.max(0, Date.now() - first.timestampMs) / 1_000;
  }
  return 0;
}

function partitionJson(partition: ProjectionPartition) {
  return {
    projection: partition.projection,
    version: partition.version,
    topic: partition.topic,
    partition: partition.partition,
    next_offset: partition.nextOffset,
    end_offset: partition.endOffset,
    lag_records: partition.lagRecords,
    lag_seconds: partition.lagSeconds,
    owner: partition.owner,
    owner_epoch: partition.ownerEpoch,
    updated_at: partition.updatedAt.toISOString(),
    stopped_reason: partition.stoppedReason ?? null,
  };
}
