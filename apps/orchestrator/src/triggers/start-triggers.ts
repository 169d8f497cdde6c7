import type { CommandCodec, EventCodec } from '@chorda/contracts';
import { CommandDoor, OutcomeWaiter } from '@chorda/decisions';
import type { Logger } from '@chorda/kernel';
import { startConsumer, type ConsumerHealth, type KafkaDriver, type RunningConsumer } from '@chorda/messaging';
import {
  ChannelListener,
  createPool,
  ExternalTypeRepository,
  ExternalTypesWatch,
  triggersChannel,
  TriggerRepository,
} from '@chorda/read-models';
import { Counter, type Registry } from 'prom-client';
import { openingDecoder, type Opened } from '../routing/opened-events.js';
import { CommandGiver } from '../steps/command-giver.js';
import { storedDefinitions } from '../steps/stored-definitions.js';
import { EventTriggers } from './event-triggers.js';
import { TriggerBook } from './trigger-book.js';

export interface TriggersOptions {
  readonly driver: KafkaDriver;
  readonly codecs: { readonly commands: CommandCodec; readonly events: EventCodec };
  readonly databaseUrl: string;
  readonly instance: string;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface RunningTriggers {
  health(): readonly ConsumerHealth[];
  stop(): Promise<void>;
}

export const triggersGroup = 'orchestrator.triggers';
const connectionsMax = 3;
const transactionTimeoutMs = 5_000;
/** For a notification that was lost with its connection. */
const lookAgainMs = 15_000;
const noAdmission = { refusal: () => undefined };

/** Reads the topics that triggers wait for, and no others; where there is no trigger, nothing. */
export async function startTriggers(options: TriggersOptions): Promise<RunningTriggers> {
  const { driver, codecs, databaseUrl, logger, metrics, instance } = options;
  const pool = createPool(databaseUrl, {
    applicationName: `chorda triggers ${instance}`.slice(0, 63),
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
  // Events of registered types would be taken for unreadable ones.
  const types = new ExternalTypesWatch({ types: new ExternalTypeRepository(pool), codec: codecs.events, logger });
  await types.start();
  const stored = new TriggerRepository(pool);
  const counter = eventsCounter(metrics);
  const book = new TriggerBook(stored);
  const handler = new EventTriggers({
    ...{ book, triggers: stored },
    workflows: new CommandGiver(codecs.commands, new CommandDoor(producer, waiter, noAdmission)),
    definitions: storedDefinitions(pool),
    onEvent: (came) => counter.inc({ came }),
  });
  const reading = new TopicsRead(
    (topics) =>
      startConsumer<Opened>({
        ...{ driver, logger, metrics, handler },
        codec: openingDecoder(codecs.events),
        options: { group: triggersGroup, topics },
      }),
    new TriggerBook(stored),
    logger,
  );
  const listener = new ChannelListener(databaseUrl, triggersChannel, logger);
  listener.subscribe(() => reading.look());
  const timer = setInterval(() => reading.look(), lookAgainMs);
  timer.unref();
  reading.look();
  return {
    health: () => reading.health(),
    async stop() {
      clearInterval(timer);
      await listener.close();
      await reading.stop();
      await types.stop();
      await waiter.close();
      await producer.close();
      await pool.end();
    },
  };
}

/** A consumer of what triggers wait for; another one when that changes. Offsets are the group's, so none is passed by. */
class TopicsRead {
  private consumer: RunningConsumer | undefined;
  private topics = '';
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly start: (topics: readonly string[]) => Promise<RunningConsumer>,
    private readonly book: TriggerBook,
    private readonly logger: Logger,
  ) {}

  /** One after another: a look that comes while one is under way sees what that one may have missed. */
  look(): void {
    this.looking = this.looking
      .then(() => this.change())
      .catch((error: unknown) => {
        this.logger.warn('Cannot look which topics triggers wait for; it is tried again', { error });
      });
  }

  health(): readonly ConsumerHealth[] {
    return this.consumer === undefined ? [] : [this.consumer.health()];
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.looking;
    await this.consumer?.stop();
  }

  private async change(): Promise<void> {
    if (this.isStopped) return;
    await this.book.refresh();
    const topics = this.book.topics();
    if (topics.join() === this.topics) return;
    await this.consumer?.stop();
    this.consumer = topics.length === 0 ? undefined : await this.start(topics);
    this.topics = topics.join();
  }
}

function eventsCounter(registry: Registry): Counter<'came'> {
  return new Counter({
    name: 'chorda_trigger_events_total',
    help: 'What events came to for triggers: started, refused, too_deep, passed (the filter said no), filter_failed',
    labelNames: ['came'],
    registers: [registry],
  });
}
