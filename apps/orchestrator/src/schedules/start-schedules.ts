import type { CommandCodec, EventCodec, ScheduleCommand, ScheduleEvent, WorkCodec } from '@chorda/contracts';
import { CommandDoor, contractsCodec, OutcomeWaiter, startDecisions, type RunningDecisions } from '@chorda/decisions';
import { schedulesAggregate } from '@chorda/domain';
import { startConsumer, type ConsumerHealth, type KafkaDriver } from '@chorda/messaging';
import type { Logger } from '@chorda/kernel';
import { createPool, RunEventsRepository } from '@chorda/read-models';
import { fireTimes } from '@chorda/workflows';
import { Counter, type Registry } from 'prom-client';
import { RunEvents } from '../events/run-events.js';
import { runEventsCounter } from '../events/run-events-counter.js';
import { CommandWriter } from '../routing/command-writer.js';
import { openingDecoder, type Opened } from '../routing/opened-events.js';
import { CommandGiver } from '../steps/command-giver.js';
import { storedDefinitions } from '../steps/stored-definitions.js';
import { FireStarter } from './fire-starter.js';
import { RunEnds } from './run-ends.js';

export interface SchedulesOptions {
  readonly driver: KafkaDriver;
  readonly codecs: { readonly commands: CommandCodec; readonly events: EventCodec; readonly work: WorkCodec };
  readonly databaseUrl: string;
  readonly instance: string;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface RunningSchedules {
  health(): readonly ConsumerHealth[];
  notReady(): string | undefined;
  stop(): Promise<void>;
}

export const scheduleDecisionsGroup = 'orchestrator.schedules';
export const firesGroup = 'orchestrator.fires';
export const runEventsGroup = 'orchestrator.run-events';
const connectionsMax = 3;
const transactionTimeoutMs = 5_000;

/** What is due is started whoever waits: the engine's own commands are not refused because others ask much. */
/** Ends of runs of all partitions are forgotten together. What comes after a quiet moment waits for nothing. */
const fetchPauseMs = 20;
const noAdmission = { refusal: () => undefined };

/**
 * Decides when schedules fire, starts their runs, and reads what runs do: schedules are told of the ends of theirs, and
 * runs that wait for events of what others emit.
 */
export async function startSchedules(options: SchedulesOptions): Promise<RunningSchedules> {
  const { driver, codecs, databaseUrl, logger, metrics, instance } = options;
  const decisions = decide(options);
  const pool = createPool(databaseUrl, {
    applicationName: `chorda schedules ${instance}`.slice(0, 63),
    ...{ connectionsMax, transactionTimeoutMs },
  });
  const producer = await driver.createProducer();
  const common = {
    ...{ pool, databaseUrl, metrics, logger },
    kind: 'workflow',
    eventTopic: 'workflow.events',
  } as const;
  const waiter = new OutcomeWaiter(common);
  waiter.start();
  const writer = new CommandWriter(codecs.commands, producer);
  const counter = startsCounter(metrics);
  const workflows = new CommandGiver(codecs.commands, new CommandDoor(producer, waiter, noAdmission));
  const starter = new FireStarter({
    workflows,
    schedules: writer,
    definitions: storedDefinitions(pool),
    onStart: (came) => counter.inc({ came }),
  });
  const fires = await startConsumer<ScheduleEvent>({
    ...{ driver, logger, metrics },
    codec: codecs.events,
    handler: starter,
    options: { group: firesGroup, topics: ['schedule.events'] },
  });
  const ends = new RunEnds(writer);
  const came = runEventsCounter(metrics);
  const events = new RunEvents({
    ...{ stored: new RunEventsRepository(pool), workflows },
    onCame: (how, count) => came.inc({ came: how }, count),
  });
  const runs = await startConsumer<Opened>({
    ...{ driver, logger, metrics },
    codec: openingDecoder(codecs.events),
    handler: {
      async handleBatch(batch) {
        await Promise.all(batch.messages.map(({ event }) => ends.hear(event.data)));
        await events.handle(batch);
        return batch.allDone();
      },
    },
    options: { group: runEventsGroup, topics: ['workflow.events'], fetchPauseMs },
  });
  return {
    health: () => [fires.health(), runs.health()],
    notReady: () => decisions.notReady(),
    async stop() {
      await Promise.all([fires.stop(), runs.stop()]);
      await decisions.stop();
      await waiter.close();
      await producer.close();
      await pool.end();
    },
  };
}

function decide({ driver, codecs, databaseUrl, instance, logger, metrics }: SchedulesOptions): RunningDecisions {
  const hosted = {
    aggregate: schedulesAggregate({ fireTimes }),
    codec: contractsCodec<ScheduleCommand, ScheduleEvent>(codecs),
    commandTopic: 'schedule.commands',
    eventTopic: 'schedule.events',
    group: scheduleDecisionsGroup,
  };
  return startDecisions(hosted, {
    ...{ driver, databaseUrl, instance, logger, metrics, connectionsMax },
    service: 'orchestrator',
    onIncident: ({ code, message }) => logger.error('An incident of schedules', { code, message }),
  });
}

function startsCounter(registry: Registry): Counter<'came'> {
  return new Counter({
    name: 'chorda_schedule_starts_total',
    help: 'What fires of schedules came to: started, refused, cancelled (a run of before, since the next one is due)',
    labelNames: ['came'],
    registers: [registry],
  });
}
