import type { CommandCodec } from '@chorda/contracts';
import { CommandDoor, OutcomeWaiter } from '@chorda/decisions';
import type { Logger } from '@chorda/kernel';
import type { ConsumerHealth, KafkaDriver } from '@chorda/messaging';
import { ChannelListener, createPool, ListReader, runJobsChannel, RunJobRepository } from '@chorda/read-models';
import { Counter, type Registry } from 'prom-client';
import { CommandGiver } from '../steps/command-giver.js';
import { RunJobs } from './run-jobs.js';

export interface RunJobsOptions {
  readonly driver: KafkaDriver;
  readonly codecs: { readonly commands: CommandCodec };
  readonly databaseUrl: string;
  readonly instance: string;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface RunningRunJobs {
  health(): readonly ConsumerHealth[];
  stop(): Promise<void>;
}

const connectionsMax = 3;
const transactionTimeoutMs = 10_000;
const noAdmission = { refusal: () => undefined };

/** Tells many runs the same, for who asked for it once. */
export async function startRunJobs(options: RunJobsOptions): Promise<RunningRunJobs> {
  const { driver, codecs, databaseUrl, logger, metrics, instance } = options;
  const pool = createPool(databaseUrl, {
    applicationName: `chorda run jobs ${instance}`.slice(0, 63),
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
  const counter = new Counter({
    name: 'chorda_run_job_runs_total',
    help: 'Runs that jobs told something: accepted, refused',
    labelNames: ['action', 'came'],
    registers: [metrics],
  });
  const jobs = new RunJobs({
    jobs: new RunJobRepository(pool),
    lists: new ListReader(pool),
    workflows: new CommandGiver(codecs.commands, new CommandDoor(producer, waiter, noAdmission)),
    logger,
    onRun: (action, came) => counter.inc({ action, came }),
  });
  const listener = new ChannelListener(databaseUrl, runJobsChannel, logger);
  listener.subscribe(() => jobs.wake());
  jobs.start();
  return {
    health: () => [],
    async stop() {
      await listener.close();
      await jobs.stop();
      await waiter.close();
      await producer.close();
      await pool.end();
    },
  };
}
