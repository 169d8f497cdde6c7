import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyTopics,
  CommandCodec,
  EventCodec,
  jsonText,
  registerSchemas,
  requestId,
  sessionId,
  type EventMetadata,
  type inference,
} from '@chorda/contracts';
import { defaultTenant, newId, silentLogger, sleep, tenantId } from '@chorda/kernel';
import { createKafkaDriver, type IncomingRecord, type KafkaDriver, type Producer } from '@chorda/messaging';
import { freePorts } from '@chorda/native-stack';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type FreshDatabase, type StackAddresses } from '@chorda/testing';
import type pg from 'pg';
import { entryOf, environmentOf, waitFor } from '../backbone.js';
import { startOwnedProcess, type OwnedProcess } from '../owned-process.js';

export interface Ask {
  readonly id?: string;
  readonly tenant?: string;
  readonly priority?: 'high' | 'normal' | 'low';
  readonly isStreamed?: boolean;
  readonly tokens: number;
  readonly text?: string;
  readonly deadlineMs?: number;
}

/** `CHORDA_BENCH_PROFILE`: a folder into which each process of the product writes what it spent its time on. */
export function nodeArguments(app: string): readonly string[] {
  const folder = process.env['CHORDA_BENCH_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(folder, app)}`];
}

type Usage = inference.UsageRecorded['data'];

/** What the log says of one request. */
export interface Answered {
  /** Distinct bodies of outcomes: one, if all is well. */
  readonly bodies: Set<string>;
  readonly types: Set<string>;
  /** Distinct records, by their bytes: a record that was published again says nothing new. */
  readonly usages: Usage[];
  readonly seen: Set<string>;
}

export interface Running {
  readonly url: string;
  readonly process: OwnedProcess;
}

/** Servers, tables and topics of a run's own, what is asked of the workers there, and what came of it. */
export class InferenceGround {
  readonly answered = new Map<string, Answered>();
  private readonly next = new Map<number, bigint>();
  private asked = 0;

  private constructor(
    readonly folder: string,
    readonly env: NodeJS.ProcessEnv,
    private readonly driver: KafkaDriver,
    private readonly producer: Producer,
    private readonly events: EventCodec,
    private readonly commands: CommandCodec,
    readonly pool: pg.Pool,
    private readonly database: FreshDatabase,
  ) {}

  static async open(stack: StackAddresses): Promise<InferenceGround> {
    const database = await freshDatabase(stack);
    await migrate(database.url);
    const topicPrefix = freshTopicPrefix();
    const { registryUrl } = stack;
    await registerSchemas({ registryUrl, topicPrefix });
    const connection = { brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'inference' };
    const driver = createKafkaDriver(connection, { logger: silentLogger });
    const admin = await driver.admin();
    await applyTopics(admin, {});
    await admin.close();
    return new InferenceGround(
      mkdtempSync(join(tmpdir(), 'chorda-inference-')),
      { ...environmentOf(stack, database.url, topicPrefix), NODE_ENV: 'test', LOG_LEVEL: 'warn' },
      driver,
      await driver.createProducer(),
      await EventCodec.connect({ registryUrl, topicPrefix }),
      await CommandCodec.connect({ registryUrl, topicPrefix }),
      createPool(database.url),
      database,
    );
  }

  async simulator(settings: Readonly<Record<string, string>>, port?: number): Promise<Running> {
    const [free, metricsPort] = await freePorts(2);
    const [name, at] = [`simulator-${newId()}`, port ?? free];
    const env = {
      ...this.env,
      ...{ CHORDA_SIMULATOR_PORT: `${at}`, METRICS_PORT: `${metricsPort}`, CHORDA_SIMULATOR_CONTROL: 'true' },
      ...settings,
    };
    const process = startOwnedProcess(
      [...nodeArguments('model-simulator'), entryOf('model-simulator')],
      env,
      join(this.folder, name),
    );
    const url = `http://127.0.0.1:${at}`;
    await waitFor('The simulator', 180_000, async () => (await fetch(`${url}/health`)).ok);
    return { url, process };
  }

  /** Answers when it is ready, or at once. */
  async worker(
    urls: readonly string[],
    settings: Readonly<Record<string, string>> = {},
    isAwaited = true,
  ): Promise<Running> {
    const [metricsPort] = await freePorts(1);
    const env = { ...this.env, VLLM_URLS: urls.join(','), METRICS_PORT: `${metricsPort}`, ...settings };
    const process = startOwnedProcess(
      [...nodeArguments('inference-worker'), entryOf('inference-worker')],
      env,
      join(this.folder, 'workers.log'),
    );
    const url = `http://127.0.0.1:${metricsPort}`;
    if (isAwaited) await waitFor('The worker', 180_000, async () => (await fetch(`${url}/readyz`)).ok);
    return { url, process };
  }

  async ask({ id = newId(), tenant, priority = 'normal', ...asked }: Ask): Promise<string> {
    const session = `s-${this.asked++}`;
    const input = {
      messages: [{ role: 'user', content: asked.text ?? 'Hello' }],
      ...{ min_tokens: asked.tokens, max_tokens: asked.tokens },
    };
    const data: inference.Requested['data'] = {
      request_id: requestId(id),
      session_id: sessionId(session),
      ...{ user_id: null, agent_id: null, execution_id: null, workflow_id: null, step_id: null },
      ...{ operation: 'chat_completion', model: 'simulated', priority, stream: asked.isStreamed ?? false },
      input_data: jsonText(input),
      ...{ max_completion_tokens: null, prefix_key: null, requested_by: null, tokens_max: null },
      ...{ cost_usd_max: null, attempts_max: null, reply_to: null },
      deadline_at: Date.now() + (asked.deadlineMs ?? 600_000),
    };
    const metadata: EventMetadata = {
      ...{ id, source: 'urn:chorda:service:bench', subject: session, timeMs: Date.now(), correlationId: id },
      tenantId: tenant === undefined ? defaultTenant : tenantId(tenant),
    };
    await this.producer.send(this.events.encode({ event: { type: 'inference.requested', data }, metadata }));
    return id;
  }

  async cancel(id: string): Promise<void> {
    const data = { request_id: requestId(id), reason: 'soak', cancelled_by: null, request: null };
    const metadata = { ...{ id: newId(), source: 'urn:chorda:service:bench', subject: id }, timeMs: Date.now() };
    const command = { type: 'inference.cancel', data } as const;
    const whole = { ...metadata, tenantId: defaultTenant, correlationId: id };
    await this.producer.send(this.commands.encode({ command, metadata: whole }));
  }

  /** Reads on in `inference.events`. @returns How many requests have an outcome by now. */
  async read(): Promise<number> {
    const admin = await this.driver.admin();
    const ends = await admin.offsets('inference.events');
    await admin.close();
    for (const { partition, start, end } of ends) {
      const from = this.next.get(partition) ?? start;
      if (from >= end) continue;
      const range = { topic: 'inference.events', partition, from, to: end };
      for await (const chunk of this.driver.scan(range)) chunk.records.forEach((record) => this.take(record));
      this.next.set(partition, end);
    }
    let count = 0;
    for (const { bodies } of this.answered.values()) if (bodies.size > 0) count += 1;
    return count;
  }

  async untilAnswered(
    count: number,
    timeoutMs: number,
    progress: (count: number) => void = () => undefined,
  ): Promise<void> {
    for (const untilMs = Date.now() + timeoutMs; ;) {
      const answered = await this.read();
      if (answered >= count) return;
      if (Date.now() > untilMs)
        throw new Error(`${answered} of ${count} requests have an outcome after ${timeoutMs} ms`);
      progress(answered);
      await sleep(500);
    }
  }

  async close(): Promise<void> {
    await this.producer.close();
    await this.driver.close();
    this.events.close();
    this.commands.close();
    await this.pool.end();
    await this.database.drop();
  }

  private take(record: IncomingRecord): void {
    const { event } = this.events.decode(record);
    if (!event.type.startsWith('inference.') || !('request_id' in event.data)) return;
    const id = String(event.data.request_id);
    const known = this.answered.get(id) ?? { bodies: new Set(), types: new Set(), usages: [], seen: new Set() };
    this.answered.set(id, known);
    const bytes = record.value?.toString('base64') ?? '';
    if (event.type !== 'inference.usage_recorded') {
      known.bodies.add(bytes);
      known.types.add(event.type);
    } else if (!known.seen.has(bytes)) {
      known.seen.add(bytes);
      known.usages.push(event.data);
    }
  }
}
