import type { CommandCodec, EventCodec } from '@chorda/contracts';
import { CommandDoor, OutcomeWaiter } from '@chorda/decisions';
import type { Logger } from '@chorda/kernel';
import { startConsumer, type BatchHandler, type ConsumerHealth, type KafkaDriver } from '@chorda/messaging';
import {
  AwaitedEventsRepository,
  ChannelListener,
  createPool,
  ExternalTypeRepository,
  ExternalTypesWatch,
  RunEventsRepository,
  triggersChannel,
  TriggerRepository,
} from '@chorda/read-models';
import { Counter, type Registry } from 'prom-client';
import { AwaitedBook } from '../events/awaited-book.js';
import { RunEvents } from '../events/run-events.js';
import { runEventsCounter } from '../events/run-events-counter.js';
import { SentEvents } from '../events/sent-events.js';
import { openingDecoder, type Opened } from '../routing/opened-events.js';
import { TopicsRead, type TopicsBook } from '../routing/topics-read.js';
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
export const sentEventsGroup = 'orchestrator.sent-events';
const connectionsMax = 3;
const transactionTimeoutMs = 5_000;
/** For a notification that was lost with its connection. */
const lookAgainMs = 15_000;
const noAdmission = { refusal: () => undefined };

/** Reads the topics that triggers and runs wait for, and no others; where nothing is waited for, nothing. */
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
  const workflows = new CommandGiver(codecs.commands, new CommandDoor(producer, waiter, noAdmission));
  const counter = eventsCounter(metrics);
  const read = (group: string, handler: BatchHandler<Opened>, book: TopicsBook) => {
    const codec = openingDecoder(codecs.events);
    return new TopicsRead(
      (topics) => startConsumer<Opened>({ ...{ driver, logger, metrics, handler, codec }, options: { group, topics } }),
      book,
      logger,
    );
  };
  const triggers = new EventTriggers({
    ...{ book: new TriggerBook(stored), triggers: stored, workflows },
    definitions: storedDefinitions(pool),
    onEvent: (came) => counter.inc({ came }),
  });
  const awaited = new AwaitedEventsRepository(pool);
  const came = runEventsCounter(metrics);
  const sent = new SentEvents({
    book: new AwaitedBook(awaited),
    runs: new RunEvents({
      ...{ stored: new RunEventsRepository(pool), workflows },
      onCame: (how, count) => came.inc({ came: how }, count),
    }),
    onKeyless: () => came.inc({ came: 'keyless' }),
  });
  const readings = [
    read(triggersGroup, triggers, new TriggerBook(stored)),
    read(sentEventsGroup, sent, new AwaitedBook(awaited)),
  ];
  const look = () => {
    for (const reading of readings) reading.look();
  };
  const listener = new ChannelListener(databaseUrl, triggersChannel, logger);
  listener.subscribe(look);
  const timer = setInterval(look, lookAgainMs);
  timer.unref();
  look();
  return {
    health: () => readings.flatMap((reading) => reading.health()),
    async stop() {
      clearInterval(timer);
      await listener.close();
      await Promise.all(readings.map((reading) => reading.stop()));
      await types.stop();
      await waiter.close();
      await producer.close();
      await pool.end();
    },
  };
}

function eventsCounter(registry: Registry): Counter<'came'> {
  return new Counter({
    name: 'chorda_trigger_events_total',
    help: 'What events came to for triggers: started, refused, too_deep, passed (the filter said no), filter_failed',
    labelNames: ['came'],
    registers: [registry],
  });
}
