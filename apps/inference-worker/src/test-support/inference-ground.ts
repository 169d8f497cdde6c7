import {
  catalogueTopic,
  CommandCodec,
  DeltaCodec,
  EventCodec,
  jsonText,
  registerSchemas,
  requestId,
  sessionId,
  topicConfig,
  type AnyCommand,
  type EventMetadata,
  type inference,
  type inferenceDelta,
} from '@chorda/contracts';
import { defaultTenant, newId, silentLogger, sleep, tenantId, type JsonValue } from '@chorda/kernel';
import { createKafkaDriver, type IncomingRecord, type KafkaDriver, type Producer } from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type FreshDatabase, type StackAddresses } from '@chorda/testing';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { startInferenceWorker } from '../start-inference-worker.js';

export interface Ask {
  readonly id?: string;
  readonly tenant?: string;
  readonly session?: string;
  readonly priority?: 'high' | 'normal' | 'low';
  readonly operation?: string;
  readonly model?: string;
  readonly input?: JsonValue;
  readonly deadlineMs?: number;
  readonly changed?: Partial<inference.Requested['data']>;
}

export interface SeenEvent {
  readonly event:
    inference.Completed | inference.Failed | inference.Expired | inference.Cancelled | inference.UsageRecorded;
  readonly metadata: EventMetadata;
  readonly record: IncomingRecord;
}

const topics = [
  'inference.requests.high',
  'inference.requests.normal',
  'inference.requests.low',
  'inference.control',
  'inference.events',
  'inference.tokens',
  'agent.commands',
  'system.events',
];
const lookEveryMs = 30;
/** With a bug that is planted for it, nobody waits long for what will not come. */
const waitMs = process.env['CHORDA_PLANT'] ? 6_000 : 30_000;

/** What a worker stands on, and all that it has published. */
export class InferenceGround {
  readonly seen: SeenEvent[] = [];
  readonly deltas: inferenceDelta.TokensGenerated['data'][] = [];
  readonly metrics = new Registry();
  private readonly next = new Map<string, bigint>();

  private constructor(
    readonly env: Readonly<Record<string, string>>,
    readonly driver: KafkaDriver,
    private readonly codecs: {
      readonly events: EventCodec;
      readonly commands: CommandCodec;
      readonly deltas: DeltaCodec;
    },
    readonly producer: Producer,
    readonly pool: pg.Pool,
    private readonly database: FreshDatabase,
  ) {}

  static async open(stack: StackAddresses): Promise<InferenceGround> {
    const database = await freshDatabase(stack);
    await migrate(database.url);
    const { kafkaBrokers, sharedRegistryUrl: registryUrl = stack.registryUrl } = stack;
    const topicPrefix = freshTopicPrefix();
    await registerSchemas({ registryUrl, topicPrefix });
    const driver = createKafkaDriver({
      brokers: kafkaBrokers.split(','),
      topicPrefix,
      clientId: `spec-${process.pid}`,
    });
    const admin = await driver.admin();
    await admin.createTopics(
      topics.map((name) => {
        const topic = catalogueTopic(name)!;
        return { name, partitions: topic.partitions, replicationFactor: 1, config: topicConfig(topic, 1) };
      }),
    );
    await admin.close();
    const codecs = {
      events: await EventCodec.connect({ registryUrl, topicPrefix }),
      commands: await CommandCodec.connect({ registryUrl, topicPrefix }),
      deltas: await DeltaCodec.connect({ registryUrl, topicPrefix }),
    };
    const env = {
      KAFKA_BROKERS: kafkaBrokers,
      SCHEMA_REGISTRY_URL: registryUrl,
      DATABASE_URL: database.url,
      CHORDA_TOPIC_PREFIX: topicPrefix,
    };
    return new InferenceGround(env, driver, codecs, await driver.createProducer(), createPool(database.url), database);
  }

  /** A worker in this process. */
  async worker(urls: readonly string[], changed: Readonly<Record<string, string>> = {}) {
    const env = { ...this.env, VLLM_URLS: urls.join(','), ...changed };
    const host = { logger: silentLogger, metrics: new Registry(), sharesProcess: true, instance: `spec-${newId()}` };
    return { ...host, app: await startInferenceWorker(env, host) };
  }

  async ask(asked: Ask = {}): Promise<string> {
    const id = asked.id ?? newId();
    const session = asked.session ?? null;
    const data: inference.Requested['data'] = {
      request_id: requestId(id),
      session_id: session === null ? null : sessionId(session),
      ...{ user_id: null, agent_id: null, execution_id: null, workflow_id: null, step_id: null },
      operation: asked.operation ?? 'chat_completion',
      model: asked.model ?? 'simulated',
      priority: asked.priority ?? 'normal',
      input_data: jsonText(asked.input ?? { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 5 }),
      ...{ stream: false, max_completion_tokens: null, prefix_key: null },
      deadline_at: Date.now() + (asked.deadlineMs ?? 60_000),
      ...{ requested_by: null, tokens_max: null, cost_usd_max: null, attempts_max: null, reply_to: null },
      ...asked.changed,
    };
    const subject = session ?? id;
    const tenant = asked.tenant === undefined ? defaultTenant : tenantId(asked.tenant);
    const metadata = {
      id,
      source: 'urn:chorda:service:spec',
      subject,
      tenantId: tenant,
      timeMs: Date.now(),
      correlationId: id,
    };
    await this.producer.send(this.codecs.events.encode({ event: { type: 'inference.requested', data }, metadata }));
    return id;
  }

  async cancel(id: string, tenant: string = defaultTenant): Promise<void> {
    const request = { session_id: null, model: 'simulated' };
    const data = { request_id: requestId(id), reason: 'client_left', cancelled_by: null, request };
    const metadata = {
      ...{ id: newId(), source: 'urn:chorda:service:spec', subject: id, tenantId: tenantId(tenant) },
      ...{ timeMs: Date.now(), correlationId: id },
    };
    await this.producer.send(this.codecs.commands.encode({ command: { type: 'inference.cancel', data }, metadata }));
  }

  /** Reads on in the topics of events and of tokens. */
  async read(): Promise<void> {
    await this.readOn('inference.events', (record) => {
      const { event, metadata } = this.codecs.events.decode(record);
      if (isOfInference(event)) this.seen.push({ event, metadata, record });
    });
    await this.readOn('inference.tokens', (record) => this.deltas.push(this.codecs.deltas.decode(record).delta.data));
  }

  outcomesOf(id: string): readonly SeenEvent[] {
    return this.seen.filter(({ event }) => event.data.request_id === id && event.type !== 'inference.usage_recorded');
  }

  usageOf(id: string): readonly inference.UsageRecorded['data'][] {
    return this.seen.flatMap(({ event }) =>
      event.type === 'inference.usage_recorded' && event.data.request_id === id ? [event.data] : [],
    );
  }

  deltasOf(id: string): readonly inferenceDelta.TokensGenerated['data'][] {
    return this.deltas.filter(({ request_id: of }) => of === id);
  }

  /** Commands that were given to agents. */
  async commands(): Promise<readonly AnyCommand[]> {
    const commands: AnyCommand[] = [];
    this.next.clear();
    await this.readOn('agent.commands', (record) => commands.push(this.codecs.commands.decode(record).command));
    this.seen.length = 0;
    this.deltas.length = 0;
    return commands;
  }

  /** Until each of them has an outcome. */
  async outcomes(ids: readonly string[], timeoutMs = waitMs): Promise<readonly SeenEvent[]> {
    const found = () =>
      new Set(
        this.seen
          .filter(({ event }) => event.type !== 'inference.usage_recorded')
          .map(({ event }) => event.data.request_id as string),
      );
    await this.until(() => {
      const known = found();
      return ids.every((id) => known.has(id));
    }, timeoutMs);
    return ids.map((id) => this.outcomesOf(id)[0]!);
  }

  async until(isDone: () => boolean | Promise<boolean>, timeoutMs = waitMs): Promise<void> {
    for (const untilMs = Date.now() + timeoutMs; ;) {
      await this.read();
      if (await isDone()) return;
      if (Date.now() > untilMs) throw new Error(`It did not come to that within ${timeoutMs} ms`);
      await sleep(lookEveryMs);
    }
  }

  async close(): Promise<void> {
    await this.producer.close();
    await this.driver.close();
    for (const codec of Object.values(this.codecs)) codec.close();
    await this.pool.end();
    await this.database.drop();
  }

  private async readOn(topic: string, take: (record: IncomingRecord) => void): Promise<void> {
    const admin = await this.driver.admin();
    const ends = await admin.offsets(topic);
    await admin.close();
    for (const { partition, start, end } of ends) {
      const key = `${topic}/${partition}`;
      const from = this.next.get(key) ?? start;
      if (from >= end) continue;
      for await (const chunk of this.driver.scan({ topic, partition, from, to: end })) chunk.records.forEach(take);
      this.next.set(key, end);
    }
  }
}

function isOfInference(event: { readonly type: string }): event is SeenEvent['event'] {
  return event.type.startsWith('inference.') && event.type !== 'inference.requested';
}
