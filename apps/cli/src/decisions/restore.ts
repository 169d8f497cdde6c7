import { CommandCodec, EventCodec, WorkCodec, type AgentCommand, type AgentEvent } from '@chorda/contracts';
import { contractsCodec, restoreDecisions } from '@chorda/decisions';
import { agentsAggregate } from '@chorda/domain';
import { silentLogger } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { kafkaConnection, kafkaEnv, readEnv } from '@chorda/platform';
import { z } from 'zod';
import type { CommandContext } from '../command-line/command-line.js';
import { databaseUrlOf } from '../command-line/database.js';

/** What this build and released ones wrote is read without a registry: it may be lost together with the database. */
const codecs = () => ({
  commands: CommandCodec.offline(),
  events: EventCodec.offline(),
  work: WorkCodec.offline(),
});

/** Every kind of aggregate that an engine decides. */
const kinds = [{ aggregate: agentsAggregate, commandTopic: 'agent.commands', eventTopic: 'agent.events' }] as const;

interface Restored {
  readonly kind: string;
  readonly partition: number;
  /** Events that the log had and the tables had not. */
  readonly records: number;
  readonly next_command_offset: string;
  readonly epoch: string;
}

export async function restoreFromLog({ output, environment }: CommandContext): Promise<void> {
  const env = readEnv(z.object(kafkaEnv), environment);
  const databaseUrl = databaseUrlOf(environment);
  const driver = createKafkaDriver(kafkaConnection(env, 'chorda-cli'), { logger: silentLogger });
  try {
    const restored: Restored[] = [];
    for (const kind of kinds) {
      const partitions = await restoreDecisions(
        { ...kind, codec: contractsCodec<AgentCommand, AgentEvent>(codecs()) },
        { driver, databaseUrl, owner: 'chorda decisions restore', logger: silentLogger },
      );
      for (const { partition, records, nextCommandOffset, epoch } of partitions) {
        restored.push({
          ...{ kind: kind.aggregate.kind, partition, records },
          next_command_offset: String(nextCommandOffset),
          epoch: String(epoch),
        });
      }
    }
    output.result({ partitions: restored }, () =>
      output.table(
        ['KIND', 'PARTITION', 'RESTORED', 'NEXT COMMAND'],
        restored.map(({ kind, partition, records, next_command_offset }) => [
          ...[kind, String(partition), String(records), next_command_offset],
        ]),
      ),
    );
  } finally {
    await driver.close();
  }
}
