import {
  CommandCodec,
  EventCodec,
  WorkCodec,
  type AgentCommand,
  type AgentEvent,
  type ScheduleCommand,
  type ScheduleEvent,
  type WorkflowCommand,
  type WorkflowEvent,
} from '@chorda/contracts';
import {
  contractsCodec,
  restoreDecisions,
  type HostedAggregate,
  type RestoredPartition,
  type RestoreOptions,
} from '@chorda/decisions';
import { agentsAggregate, schedulesAggregate, workflowsAggregate, type Typed } from '@chorda/domain';
import { silentLogger } from '@chorda/kernel';
import { createKafkaDriver, TopicMissingError } from '@chorda/messaging';
import { kafkaConnection, kafkaEnv, readEnv } from '@chorda/platform';
import { fireTimes, workflowPorts } from '@chorda/workflows';
import { z } from 'zod';
import type { CommandContext } from '../command-line/command-line.js';
import { databaseUrlOf } from '../command-line/database.js';

/** What this build and released ones wrote is read without a registry: it may be lost together with the database. */
const codecs = () => ({
  commands: CommandCodec.offline(),
  events: EventCodec.offline(),
  work: WorkCodec.offline(),
});

interface RestoredKind {
  readonly kind: string;
  restore(options: RestoreOptions): Promise<readonly RestoredPartition[]>;
}

/** Every kind of aggregate that an engine decides. */
function restoredKinds(): readonly RestoredKind[] {
  const all = codecs();
  return [
    restored({
      ...topicsOf('agent'),
      aggregate: agentsAggregate,
      codec: contractsCodec<AgentCommand, AgentEvent>(all),
    }),
    restored({
      ...topicsOf('workflow'),
      aggregate: workflowsAggregate(workflowPorts()),
      codec: contractsCodec<WorkflowCommand, WorkflowEvent>(all),
    }),
    restored({
      ...topicsOf('schedule'),
      aggregate: schedulesAggregate({ fireTimes }),
      codec: contractsCodec<ScheduleCommand, ScheduleEvent>(all),
    }),
  ];
}

const topicsOf = (area: string) => ({ commandTopic: `${area}.commands`, eventTopic: `${area}.events` });

function restored<States, Command extends Typed, Event extends Typed>(
  hosted: Omit<HostedAggregate<States, Command, Event>, 'group'>,
): RestoredKind {
  return { kind: hosted.aggregate.kind, restore: (options) => restoreDecisions(hosted, options) };
}

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
  const options = { driver, databaseUrl, owner: 'chorda decisions restore', logger: silentLogger };
  try {
    const found: Restored[] = [];
    for (const { kind, restore } of restoredKinds()) {
      const partitions = await restore(options).catch((error: unknown) => {
        // Of what was never decided here there is no topic, and nothing to restore.
        if (error instanceof TopicMissingError) return [];
        throw error;
      });
      for (const { partition, records, nextCommandOffset, epoch } of partitions) {
        const next_command_offset = String(nextCommandOffset);
        found.push({ ...{ kind, partition, records }, next_command_offset, epoch: String(epoch) });
      }
    }
    if (found.length === 0) throw new TopicMissingError('agent.events');
    output.result({ partitions: found }, () =>
      output.table(
        ['KIND', 'PARTITION', 'RESTORED', 'NEXT COMMAND'],
        found.map(({ kind, partition, records, next_command_offset }) => [
          ...[kind, String(partition), String(records), next_command_offset],
        ]),
      ),
    );
  } finally {
    await driver.close();
  }
}
