import type { Aggregate, Typed } from '@chorda/domain';
import type { Logger } from '@chorda/kernel';
import type { Alert, KafkaAdmin, KafkaDriver, Producer } from '@chorda/messaging';
import type pg from 'pg';
import type { DecisionBounds } from '../bounds.js';
import type { DecisionCodec } from '../decision-codec.js';
import type { DecisionMetrics } from '../metrics.js';
import type { TopicIds } from '../store/partition-row.js';
import type { Payloads } from './loaded-payloads.js';
import type { OutboxRecord } from '../store/outbox.js';
import type { ProgressNotifier } from './progress-notifier.js';
import type { Rounds } from './rounds.js';
import type { SharedStatements } from './shared-statements.js';

/** What all partitions of an engine share. */
export interface EngineParts<States, Command extends Typed, Event extends Typed> {
  readonly aggregate: Aggregate<States, Command, Event>;
  readonly codec: DecisionCodec<Command, Event>;
  readonly commandTopic: string;
  readonly eventTopic: string;
  /** Of both topics. */
  readonly partitions: number;
  readonly topicIds: TopicIds;
  readonly group: string;
  /** Names this process in the tables. */
  readonly owner: string;
  readonly source: string;
  readonly bounds: DecisionBounds;
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly producer: Producer;
  /** Sessions with `transaction_timeout`, of the role that owns the tables. */
  readonly pool: pg.Pool;
  /** Undefined: nothing is kept by reference here. */
  readonly payloads: Payloads | undefined;
  readonly statements: SharedStatements<States, Command, Event>;
  readonly rounds: Rounds;
  readonly notifier: ProgressNotifier;
  readonly metrics: DecisionMetrics;
  readonly logger: Logger;
  /** Something that a person has to look at. */
  readonly onIncident: (alert: Alert) => void;
  /** Makes a topic of the catalogue that is made when it is needed. */
  readonly ensureTopic: (topic: string) => Promise<void>;
  /** What the brokers have. It must not throw, and nobody waits for it. */
  readonly onPublished: ((records: readonly OutboxRecord[]) => void) | undefined;
}
