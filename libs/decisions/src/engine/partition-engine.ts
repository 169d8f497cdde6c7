import type { Typed } from '@chorda/domain';
import { sleep } from '@chorda/kernel';
import type { AssignedPartition } from '@chorda/messaging';
import { isDatabaseAway } from '@chorda/read-models';
import { PartitionFencedError } from '../errors.js';
import type { PartitionStanding } from '../metrics.js';
import { claimPartition } from '../store/partition-row.js';
import { CommandReader } from './command-reader.js';
import { CommandTries } from './command-tries.js';
import type { EngineParts } from './engine-parts.js';
import { Tenure } from './tenure.js';

const pauseMsMin = 100;
const pauseMsMax = 5_000;
/** A group tells within a heartbeat that a partition was lost: a zombie that claimed at once would take it back. */
const fencedPauseMs = 3_000;
/** A claim that held for so long was a sound one: the next pause is a short one again. */
const soundTenureMs = 60_000;
const progressEveryMs = 5_000;

/**
 * Decides one partition for as long as it is assigned to this process. It is
 * - claimed: turns are decided, committed and published;
 * - waiting (Postgres or Kafka is away, or it was fenced): nothing is acknowledged, and it claims anew after a pause;
 * - over, when the assignment ends: what is in hand is finished, published and written down.
 */
export class PartitionEngine<States, Command extends Typed, Event extends Typed> {
  private readonly tries: CommandTries;
  private readonly reader: CommandReader;
  private tenure: Tenure<States, Command, Event> | undefined;
  private stoppedBy: string | undefined;

  constructor(
    private readonly partition: AssignedPartition,
    private readonly parts: EngineParts<States, Command, Event>,
  ) {
    const { attemptsMax, commandsMax, commandBytesMax } = parts.bounds;
    this.tries = new CommandTries(attemptsMax);
    this.reader = new CommandReader(partition, { recordsMax: commandsMax, bytesMax: commandBytesMax, waitMsMax: 0 });
  }

  get standing(): PartitionStanding {
    const { partition, parts, stoppedBy } = this;
    const none = { lagCommands: 0, unpublishedRecords: 0, unpublishedSeconds: 0, cachedStreams: 0 };
    const place = { kind: parts.aggregate.kind, partition: partition.partition };
    return { ...place, ...(this.tenure?.standing ?? none), stoppedBy };
  }

  async run(): Promise<void> {
    for (let failures = 0; !this.partition.intake.aborted; failures++) {
      const startedMs = Date.now();
      try {
        await this.hold();
        return;
      } catch (error) {
        if (Date.now() - startedMs > soundTenureMs) failures = 0;
        this.report(error, failures);
        const isFenced = error instanceof PartitionFencedError;
        await this.pause(isFenced ? fencedPauseMs : Math.min(pauseMsMin * 2 ** Math.min(failures, 10), pauseMsMax));
      }
    }
  }

  private async hold(): Promise<void> {
    const { partition, parts } = this;
    const place = { kind: parts.aggregate.kind, partition: partition.partition };
    const claim = await claimPartition(parts.pool, place, parts.owner, parts.topicIds, parts.logger);
    parts.metrics.claims.inc({ kind: place.kind });
    this.tenure = new Tenure(partition, parts, this.reader, this.tries, claim);
    this.stoppedBy = undefined;
    try {
      await this.tenure.run();
    } finally {
      this.tenure = undefined;
    }
  }

  private report(error: unknown, failures: number): void {
    const { parts, partition } = this;
    const { kind } = parts.aggregate;
    this.stoppedBy = error instanceof Error ? error.message : String(error);
    const cause = error instanceof PartitionFencedError ? 'fenced' : isDatabaseAway(error) ? 'database' : 'fault';
    parts.metrics.waits.inc({ kind, cause });
    const fields = { kind, partition: partition.partition, cause, failures, error };
    if (failures < 3) parts.logger.warn('A partition waits and will be claimed anew', fields);
    else parts.logger.error('A partition waits and will be claimed anew', fields);
  }

  private async pause(durationMs: number): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0 && !this.partition.intake.aborted; leftMs -= progressEveryMs) {
      this.partition.progress();
      await sleep(Math.min(leftMs, progressEveryMs), this.partition.intake);
    }
    this.partition.progress();
  }
}
