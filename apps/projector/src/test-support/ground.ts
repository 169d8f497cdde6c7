import {
  applyTopics,
  EventCodec,
  parseEventData,
  registerSchemas,
  UndecodableRecordError,
  type EncodedRecord,
  type EventEnvelope,
} from '@chorda/contracts';
import { defaultTenant, silentLogger } from '@chorda/kernel';
import {
  createKafkaDriver,
  type IncomingRecord,
  type KafkaDriver,
  type Message,
  type Producer,
  type RecordPlace,
} from '@chorda/messaging';
import { createAppHost, type RunningApp } from '@chorda/platform';
import { createPool } from '@chorda/read-models';
import {
  freshDatabase,
  freshTopicPrefix,
  startSourceProcess,
  type FreshDatabase,
  type SourceProcess,
  type StackAddresses,
} from '@chorda/testing';
import type pg from 'pg';
import { expect } from 'vitest';
import { startProjector } from '../start-projector.js';
import { everyProjection, rebuildDifferences } from './rebuild.js';

/** So many that every partition of the topic has some. */
const agents = 40;

/** What a spec may say of the events that it sends. */
export interface SentEvent {
  /** Left out: many of them. */
  readonly agent?: string;
  readonly answer?: string;
}

/** Everything real: topics and a database of a spec's own, senders, and projectors as processes or in this one. */
export class ProjectorGround {
  private readonly processes: SourceProcess[] = [];
  private readonly apps = new Set<RunningApp>();
  private sent = 0;
  /** Where the log has each event, by its id, as its sender was told. */
  readonly acknowledged = new Map<string, RecordPlace>();

  private constructor(
    private readonly stack: Pick<StackAddresses, 'kafkaBrokers' | 'registryUrl'>,
    readonly topicPrefix: string,
    readonly database: FreshDatabase,
    readonly pool: pg.Pool,
    readonly driver: KafkaDriver,
    private readonly producer: Producer,
    readonly codec: EventCodec,
  ) {}

  static async open(
    given: Pick<StackAddresses, 'kafkaBrokers' | 'registryUrl' | 'sharedRegistryUrl' | 'databaseUrl'>,
  ): Promise<ProjectorGround> {
    const stack = { ...given, registryUrl: given.sharedRegistryUrl ?? given.registryUrl };
    const topicPrefix = freshTopicPrefix();
    const database = await freshDatabase(stack);
    const pool = createPool(database.url);
    const driver = createKafkaDriver({ brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'spec' });
    const admin = await driver.admin();
    await applyTopics(admin);
    await admin.close();
    await registerSchemas({ registryUrl: stack.registryUrl, topicPrefix });
    const codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
    return new ProjectorGround(stack, topicPrefix, database, pool, driver, await driver.createProducer(), codec);
  }

  async close(): Promise<void> {
    await this.endProjectors();
    await this.producer.close();
    await this.driver.close();
    this.codec.close();
    await this.pool.end();
    await this.database.drop();
  }

  async endProjectors(): Promise<void> {
    await Promise.all(this.processes.splice(0).map((process) => process.end()));
    await Promise.all([...this.apps].map((app) => this.stopApp(app)));
  }

  private environment(): Record<string, string> {
    return {
      KAFKA_BROKERS: this.stack.kafkaBrokers,
      SCHEMA_REGISTRY_URL: this.stack.registryUrl,
      DATABASE_URL: this.database.url,
      CHORDA_TOPIC_PREFIX: this.topicPrefix,
      // The least that a broker takes, so that a killed projector's partitions are free soon.
      CHORDA_PROJECTOR_SESSION_TIMEOUT_MS: '6000',
      // Its own reports would be events that come after the end of the log was read.
      CHORDA_SELF_REPORT_INTERVAL_MS: '60000',
      CHORDA_PROJECTOR_BATCH_RECORDS: '20',
    };
  }

  /** A projector as a process of its own, as soon as it runs. */
  async startProcess(env: Readonly<Record<string, string>> = {}): Promise<SourceProcess> {
    const projector = startSourceProcess(new URL('../main.ts', import.meta.url), {
      NODE_ENV: 'test',
      METRICS_PORT: '0',
      LOG_LEVEL: 'info',
      ...this.environment(),
      ...env,
    });
    this.processes.push(projector);
    await projector.until('it runs', () => projector.output().includes('"Started"'), 120_000);
    return projector;
  }

  /** A projector inside this process: what is cheap enough to come and go every second. */
  async startApp(instance: string, env: Readonly<Record<string, string>> = {}): Promise<RunningApp> {
    const host = { ...createAppHost({ name: 'projector', sharesProcess: true, instance }), logger: silentLogger };
    const app = await startProjector({ ...this.environment(), ...env }, host);
    this.apps.add(app);
    return app;
  }

  async stopApp(app: RunningApp): Promise<void> {
    if (this.apps.delete(app)) await app.stop();
  }

  /** Facts of agents, one after the other; every tenth goes to one hot agent. */
  async send(count: number, given: SentEvent = {}): Promise<void> {
    const indexes = Array.from({ length: count }, () => this.sent++);
    await Promise.all(
      indexes.map(async (index) =>
        this.acknowledged.set(`event-${index}`, await this.producer.send(this.executed(index, given))),
      ),
    );
  }

  /** A record of a fact of this agent whose headers are sound and whose payload is none that anybody can read. */
  async sendPoison(agent: string): Promise<void> {
    const sound = this.executed(this.sent++, { agent });
    await this.producer.send({ ...sound, value: Buffer.concat([sound.value.subarray(0, 5), Buffer.alloc(3, 0xff)]) });
  }

  /** Sends batches of `count` without a pause until `stop` is called. */
  keepSending(count: number): { stop(): Promise<void> } {
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        await this.send(count);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    return {
      stop: async () => {
        isOver = true;
        await sending;
      },
    };
  }

  private executed(index: number, { agent, answer = 'yes' }: SentEvent): EncodedRecord {
    const subject = agent ?? `agent-${index % 10 === 0 ? 0 : index % agents}`;
    const parsed = parseEventData('agent.executed', {
      agent_id: subject,
      execution_id: `execution-${index}`,
      input_data: { question: index },
      output_data: { answer },
      execution_time_ms: index,
      status: 'completed',
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    return this.codec.encode({
      event: parsed.event,
      metadata: {
        id: `event-${index}`,
        source: '/spec',
        subject,
        tenantId: defaultTenant,
        timeMs: Date.now(),
        correlationId: `correlation-${index}`,
      },
    });
  }

  /** Waits until every checkpoint of the journal stands at the present end of the log, or past it. */
  async untilApplied(timeoutMs = 300_000): Promise<void> {
    const ends = await this.ends();
    const behind = async () => {
      const at = await this.checkpoints();
      return ends
        .filter(({ topic, partition, end }) => end > 0n && (at.get(`${topic}/${partition}`) ?? 0n) < end)
        .map(({ topic, partition, end }) => `${topic}[${partition}] ${at.get(`${topic}/${partition}`)} of ${end}`);
    };
    const look = () => behind().catch((error: unknown) => [String(error)]);
    await expect.poll(look, { timeout: timeoutMs, interval: 200 }).toEqual([]);
  }

  /**
   * After a fault: every acknowledged event stands in the journal once, at its place, and every read model equals one
   * that is made of the whole log from offset 0, by hash.
   */
  async expectWhole(): Promise<void> {
    await this.untilApplied();
    await this.endProjectors();
    const { rows } = await this.pool.query<{ event_id: string; partition: number; offset: string }>(
      `SELECT event_id, partition, "offset" FROM journal_v1 WHERE topic = 'agent.events'`,
    );
    const journal = new Map(rows.map((row) => [row.event_id, row]));
    expect(journal.size).toBe(rows.length);
    for (const [id, { partition, offset }] of this.acknowledged) {
      expect(journal.get(id)).toEqual({ event_id: id, partition, offset: String(offset) });
    }
    const log = await this.readLog(await this.checkpoints());
    expect(await rebuildDifferences(this.pool, { databaseUrl: this.database.url }, log)).toEqual([]);
  }

  private async ends(): Promise<readonly { topic: string; partition: number; end: bigint }[]> {
    const admin = await this.driver.admin();
    try {
      const topics = new Set(everyProjection().flatMap(({ topics: of }) => of));
      const found = await Promise.all(
        [...topics].map(async (topic) => (await admin.offsets(topic)).map((place) => ({ topic, ...place }))),
      );
      return found.flat();
    } finally {
      await admin.close();
    }
  }

  /** How far every projection has come, by `topic/partition`. */
  private async checkpoints(): Promise<ReadonlyMap<string, bigint>> {
    const { rows } = await this.pool.query<{ place: string; next_offset: string }>(
      `SELECT topic || '/' || partition AS place, min(next_offset) AS next_offset FROM checkpoints GROUP BY 1`,
    );
    return new Map(rows.map((row) => [row.place, BigInt(row.next_offset)]));
  }

  /** What the log holds up to these places, read without any consumer group. What cannot be decoded is left out. */
  private async readLog(until: ReadonlyMap<string, bigint>): Promise<readonly Message[]> {
    const log: Message[] = [];
    for (const { topic, partition } of await this.ends()) {
      const to = until.get(`${topic}/${partition}`) ?? 0n;
      if (to === 0n) continue;
      for await (const { records } of this.driver.scan({ topic, partition, from: 0n, to })) {
        for (const record of records.filter(({ offset }) => offset < to)) {
          const envelope = this.decoded(record);
          if (envelope === undefined) continue;
          log.push({ record, envelope, event: envelope.event, origin: { topic, partition, offset: record.offset } });
        }
      }
    }
    return log;
  }

  private decoded(record: IncomingRecord): EventEnvelope | undefined {
    try {
      return this.codec.decode(record);
    } catch (error) {
      if (error instanceof UndecodableRecordError) return undefined;
      throw error;
    }
  }
}
