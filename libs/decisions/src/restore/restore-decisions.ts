import type { Typed } from '@chorda/domain';
import { BackboneError, type Logger } from '@chorda/kernel';
import { TopicMissingError, type KafkaDriver } from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { decisionBounds } from '../bounds.js';
import { importLog } from '../engine/import-log.js';
import { DecisionMetrics } from '../metrics.js';
import { PartitionFencedError } from '../errors.js';
import { claimPartition, type PartitionPlace } from '../store/partition-row.js';
import type { HostedAggregate } from '../start-decisions.js';

/** An engine took a partition back while it was restored. It has done no harm, and neither has the restore. */
export class EnginesRunningError extends BackboneError {
  readonly code = 'ENGINES_RUNNING';
  readonly retriable = true;
}

export interface RestoreOptions {
  readonly driver: KafkaDriver;
  readonly databaseUrl: string;
  /** Names whoever restores in the tables. */
  readonly owner: string;
  readonly logger: Logger;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

export interface RestoreProgress {
  readonly partition: number;
  readonly nextOffset: bigint;
  readonly endOffset: bigint;
}

export interface RestoredPartition {
  readonly partition: number;
  /** Events, facts among them, that the log had and the tables had not. */
  readonly records: number;
  readonly nextCommandOffset: bigint;
  readonly epoch: bigint;
}

/**
 * Makes the tables of the engine from the event topic alone: streams, snapshots, timers, outcomes of accepted commands,
 * and where the command topic goes on. Tables that are there are brought up to the log; nothing in them is changed. An
 * engine that runs meanwhile is fenced, claims its partitions anew, and goes on from what was restored.
 *
 * Refusals are in no log: a command that was refused is decided anew when it is given again. Facts and work of a turn are
 * not made anew either; work that was lost is asked for again by the timers of its stream.
 *
 * @throws LogGapError where versions are missing between the tables and the log.
 * @throws {@link EnginesRunningError} where an engine took a partition back while it was restored.
 */
export async function restoreDecisions<States, Command extends Typed, Event extends Typed>(
  hosted: Pick<HostedAggregate<States, Command, Event>, 'aggregate' | 'codec' | 'commandTopic' | 'eventTopic'>,
  options: RestoreOptions,
): Promise<readonly RestoredPartition[]> {
  const { driver, databaseUrl, owner, logger, onProgress } = options;
  await migrate(databaseUrl, logger);
  const pool = createPool(databaseUrl, { applicationName: 'chorda decisions restore', transactionTimeoutMs: 60_000 });
  const admin = await driver.admin();
  try {
    const topics = await admin.describeTopics([hosted.commandTopic, hosted.eventTopic]);
    const stateOf = (topic: string) => topics.find(({ name }) => name === topic);
    const events = stateOf(hosted.eventTopic);
    if (!events) throw new TopicMissingError(hosted.eventTopic);
    const topicIds = { commands: stateOf(hosted.commandTopic)?.topicId, events: events.topicId };
    const metrics = DecisionMetrics.of(new Registry());
    const parts = { ...hosted, bounds: decisionBounds, driver, admin, pool, metrics };
    const restored: RestoredPartition[] = [];
    for (let partition = 0; partition < events.partitions; partition++) {
      const place = { kind: hosted.aggregate.kind, partition };
      const claimed = await claimPartition(pool, place, owner, topicIds, logger);
      const imports = importLog(parts, claimed, (nextOffset, endOffset) => {
        onProgress?.({ partition, nextOffset, endOffset });
      });
      const { claim, imported } = await imports.catch(async (error: unknown) => {
        throw error instanceof PartitionFencedError ? await enginesRunning(pool, place) : error;
      });
      const { nextCommandOffset, epoch } = claim;
      restored.push({ partition, records: imported, nextCommandOffset, epoch });
    }
    return restored;
  } finally {
    await admin.close();
    await pool.end();
  }
}

async function enginesRunning(pool: pg.Pool, { kind, partition }: PartitionPlace): Promise<EnginesRunningError> {
  const { rows } = await pool.query<{ owner: string }>(
    'SELECT owner FROM decision_partitions WHERE kind = $1 AND partition = $2',
    [kind, partition],
  );
  return new EnginesRunningError(
    `${rows[0]?.owner ?? 'An engine'} decides partition ${partition} of ${kind} while it is restored: stop the engines and ` +
      'run this again. What was restored stays. An engine that runs takes what the log has beyond its tables by itself',
  );
}
