import { applyTopics, partitionOf } from '@chorda/contracts';
import { newId, silentLogger } from '@chorda/kernel';
import {
  createKafkaDriver,
  type Alert,
  type IncomingRecord,
  type KafkaDriver,
  type Producer,
  type RecordPlace,
} from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import {
  freshDatabase,
  freshTopicPrefix,
  startSourceProcess,
  type FreshDatabase,
  type SourceProcess,
  type StackAddresses,
} from '@chorda/testing';
import type pg from 'pg';
import { Registry } from 'prom-client';
import type { DecisionBounds } from '../bounds.js';
import { readOutcome, type Outcome } from '../outcome.js';
import { startDecisions, type RunningDecisions } from '../start-decisions.js';
import { commandRecord, jsonCodec, metadataIn } from './json-codec.js';
import { till, type TillCommand, type TillEvent } from './till.js';

export const commandTopic = 'agent.commands';
export const eventTopic = 'agent.events';
export const partitions = 12;

export const hostedTill = {
  aggregate: till,
  codec: jsonCodec<TillCommand, TillEvent>(),
  ...{ commandTopic, eventTopic, group: 'spec.decisions' },
};

/** An event of the log, as a reader gets it. */
export interface LogEvent {
  readonly record: IncomingRecord;
  readonly type: string;
  readonly stream: string;
  readonly version: bigint | undefined;
  readonly seq: bigint | undefined;
  readonly epoch: bigint | undefined;
  readonly id: string;
  readonly commandId: string | undefined;
  readonly body: string;
}

/** Topics and a database of a spec's own, and engines of tills in this process or as processes. */
export class TillGround {
  readonly alerts: Alert[] = [];
  readonly metrics = new Registry();
  private readonly engines = new Set<RunningDecisions>();
  private readonly processes: SourceProcess[] = [];

  private constructor(
    private readonly stack: Pick<StackAddresses, 'kafkaBrokers'>,
    readonly topicPrefix: string,
    readonly database: FreshDatabase,
    readonly pool: pg.Pool,
    readonly driver: KafkaDriver,
    readonly producer: Producer,
  ) {}

  static async open(stack: Pick<StackAddresses, 'kafkaBrokers' | 'databaseUrl'>): Promise<TillGround> {
    const topicPrefix = freshTopicPrefix();
    const database = await freshDatabase(stack);
    await migrate(database.url);
    const driver = createKafkaDriver({ brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'spec' });
    const admin = await driver.admin();
    await applyTopics(admin, { names: [commandTopic, eventTopic], replicationFactor: 1 });
    await admin.close();
    const pool = createPool(database.url);
    return new TillGround(stack, topicPrefix, database, pool, driver, await driver.createProducer());
  }

  async close(): Promise<void> {
    await this.endAll();
    await this.producer.close();
    await this.driver.close();
    await this.pool.end();
    await this.database.drop();
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.engines].map((engine) => this.stopEngine(engine)));
    await Promise.all(this.processes.splice(0).map((process) => process.end()));
  }

  startEngine(
    bounds: Partial<DecisionBounds> = {},
    instance = 'spec',
    group = hostedTill.group,
    databaseUrl = this.database.url,
  ): RunningDecisions {
    const engine = startDecisions(
      { ...hostedTill, group },
      {
        ...{ driver: this.driver, databaseUrl, service: 'spec', instance, bounds },
        ...{ logger: silentLogger, metrics: this.metrics, onIncident: (alert) => void this.alerts.push(alert) },
      },
    );
    this.engines.add(engine);
    return engine;
  }

  async stopEngine(engine: RunningDecisions): Promise<void> {
    this.engines.delete(engine);
    await engine.stop();
  }

  /** An engine as a process of its own, which a spec may kill. */
  startProcess(env: Readonly<Record<string, string>> = {}): SourceProcess {
    const engine = startSourceProcess(new URL('./till-engine.child.ts', import.meta.url), {
      NODE_ENV: 'test',
      KAFKA_BROKERS: this.stack.kafkaBrokers,
      DATABASE_URL: this.database.url,
      CHORDA_TOPIC_PREFIX: this.topicPrefix,
      ...(process.env['CHORDA_PLANT'] && { CHORDA_PLANT: process.env['CHORDA_PLANT'] }),
      ...env,
    });
    this.processes.push(engine);
    return engine;
  }

  send(
    command: TillCommand,
    to: { readonly till: string; readonly id?: string; readonly tenant?: string },
  ): Promise<RecordPlace> {
    const context = { id: to.id ?? newId(), subject: to.till, ...(to.tenant && { tenantId: to.tenant }) };
    return this.producer.send(commandRecord(commandTopic, command, context));
  }

  partitionOf(tillId: string, tenant = 'default'): number {
    return partitionOf(Buffer.from(`${tenant}/${tillId}`), partitions);
  }

  async outcomes(): Promise<ReadonlyMap<string, Outcome>> {
    const { rows } = await this.pool.query<{ command_id: string; status: Outcome['status']; body: string }>(
      'SELECT command_id, status, body FROM decision_outcomes',
    );
    return new Map(rows.map(({ command_id, status, body }) => [command_id, readOutcome(status, body)]));
  }

  /** Every record of a topic, a partition after the other. */
  async records(topic: string): Promise<readonly IncomingRecord[]> {
    const admin = await this.driver.admin();
    const found: IncomingRecord[] = [];
    try {
      for (const { partition, start, end } of await admin.offsets(topic)) {
        for await (const chunk of this.driver.scan({ topic, partition, from: start, to: end })) {
          found.push(...chunk.records);
        }
      }
    } finally {
      await admin.close();
    }
    return found;
  }

  async log(): Promise<readonly LogEvent[]> {
    const records = await this.records(eventTopic);
    return records.map((record) => {
      const { id, decision, subject, tenantId } = metadataIn(record.headers);
      const type = record.headers['ce_type'];
      return {
        ...{ record, id, type: String(type) },
        stream: `${tenantId}/${decision?.stream ?? subject}`,
        version: decision?.streamVersion,
        seq: decision?.partitionSeq,
        epoch: decision?.epoch,
        commandId: decision?.commandId,
        body: record.value?.toString('utf8') ?? '',
      };
    });
  }

  /** By the highest version: a late repeat says nothing new. */
  async balances(): Promise<ReadonlyMap<string, number>> {
    const tills = (await this.log()).filter(({ type }) => type === 'till.added');
    const inOrder = tills.toSorted((left, right) => Number((left.version ?? 0n) - (right.version ?? 0n)));
    return new Map(inOrder.map(({ stream, body }) => [stream, (JSON.parse(body) as { balance: number }).balance]));
  }
}
