import {
  CommandCodec,
  DeltaCodec,
  EventCodec,
  jsonText,
  jsonValue,
  type AnyEvent,
  type CommandData,
  type EventData,
} from '@chorda/contracts';
import { derivedId, newId, type JsonValue, type TenantId } from '@chorda/kernel';
import { createKafkaDriver, type AssignedPartition, type GroupConsumer, type Producer } from '@chorda/messaging';
import { createPool } from '@chorda/read-models';
import type pg from 'pg';
import type { Ground } from './gateway-under-test.js';
import { untilTrue } from './until-true.js';

export interface TakenRequest {
  readonly tenantId: TenantId;
  readonly data: EventData<'inference.requested'>;
  /** What the model is told. */
  readonly input: Readonly<Record<string, unknown>>;
}

export type Script = (request: TakenRequest, worker: ScriptedWorker) => Promise<void>;

const source = 'urn:spec:inference-worker';
const limits = { recordsMax: 100, bytesMax: 1_000_000, waitMsMax: 0 };

/** Stands in for inference workers at the gateway's own specs: the real topics and tables, and answers as a spec wants them. */
export class ScriptedWorker {
  readonly taken: TakenRequest[] = [];
  readonly cancels: CommandData<'inference.cancel'>[] = [];
  private consumer: GroupConsumer | undefined;
  private readonly following = new Set<string>();

  private constructor(
    private readonly producer: Producer,
    private readonly codecs: {
      readonly events: EventCodec;
      readonly commands: CommandCodec;
      readonly deltas: DeltaCodec;
    },
    private readonly pool: pg.Pool,
    private readonly closeDriver: () => Promise<void>,
    public script: Script,
  ) {}

  static async start(ground: Ground, script: Script): Promise<ScriptedWorker> {
    const topicPrefix = ground.env['CHORDA_TOPIC_PREFIX'] ?? '';
    const brokers = [ground.env['KAFKA_BROKERS'] ?? ''];
    const driver = createKafkaDriver({ brokers, topicPrefix, clientId: 'scripted-worker' });
    const registry = { registryUrl: ground.env['SCHEMA_REGISTRY_URL'] ?? '', topicPrefix };
    const [events, commands, deltas] = await Promise.all([
      EventCodec.connect(registry),
      CommandCodec.connect(registry),
      DeltaCodec.connect(registry),
    ]);
    const pool = createPool(ground.env['DATABASE_URL'] ?? '');
    const close = () => driver.close();
    const worker = new ScriptedWorker(await driver.createProducer(), { events, commands, deltas }, pool, close, script);
    const topics = ['high', 'normal', 'low'].map((priority) => `inference.requests.${priority}`);
    worker.consumer = driver.consume({
      group: 'inference-worker.scripted',
      topics: [...topics, 'inference.control'],
      run: (partition) => worker.follow(partition),
    });
    await untilTrue(
      async () => worker.following.size === 39,
      30_000,
      async () => `${worker.following.size} of 39`,
    );
    return worker;
  }

  async stop(): Promise<void> {
    await this.consumer?.stop();
    await this.producer.close();
    await this.closeDriver();
    await this.pool.end();
    for (const codec of Object.values(this.codecs)) codec.close();
  }

  /** Tokens of an attempt. */
  async tokens(
    { tenantId, data }: TakenRequest,
    sequence: number,
    chunks: readonly JsonValue[],
    more: { readonly attempt?: number; readonly voided?: number; readonly end?: boolean } = {},
  ): Promise<void> {
    const { attempt = 1, voided = null, end = false } = more;
    const { request_id } = data;
    const delta = {
      type: 'inference.tokens_generated' as const,
      data: { request_id, attempt, sequence, voided_attempt: voided, chunks: chunks.map(jsonText), end },
    };
    await this.producer.send(this.codecs.deltas.encode({ delta, metadata: metadataOf(tenantId, request_id, newId()) }));
  }

  async complete(request: TakenRequest, answer: JsonValue, streamed = false): Promise<void> {
    await this.end(request, {
      type: 'inference.completed',
      data: {
        ...about(request),
        ...{ provider: 'spec', replica: null, output_data: jsonText(answer), finish_reason: 'stop' },
        ...{ prompt_tokens: 3, cached_prompt_tokens: 1, completion_tokens: 5, cost_usd: '0.00001', attempts: 1 },
        ...{ queue_time_ms: 1, time_to_first_token_ms: 2, inference_time_ms: 3, streamed },
      },
    });
  }

  async fail(request: TakenRequest, error: JsonValue, status: number | null, retryAfterMs?: number): Promise<void> {
    await this.end(request, {
      type: 'inference.failed',
      data: {
        ...about(request),
        ...{ error: jsonText(error), error_code: 'PROVIDER_ERROR', attempts: 2, total_time_ms: 9 },
        ...{ http_status: status, retry_after_ms: retryAfterMs ?? null },
      },
    });
  }

  async expire(request: TakenRequest): Promise<void> {
    const { deadline_at } = request.data;
    await this.end(request, {
      type: 'inference.expired',
      data: { ...about(request), deadline_at, stage: 'queued', attempts: 0 },
    });
  }

  async cancelled(request: TakenRequest, reason: string): Promise<void> {
    await this.end(request, {
      type: 'inference.cancelled',
      data: { ...about(request), reason, cancelled_by: null, attempts: 1 },
    });
  }

  /** The outcome in the table first, as workers do; then, unless a spec wants it lost, on the topic. */
  async end({ tenantId, data }: TakenRequest, event: AnyEvent, isPublished = true): Promise<void> {
    const id = derivedId(tenantId, data.request_id, 'outcome');
    const record = this.codecs.events.encode({ event, metadata: metadataOf(tenantId, data.request_id, id) });
    await this.pool.query(
      `INSERT INTO inference_outcomes (tenant_id, request_id, type, event_id, value, headers, worker)
       VALUES ($1, $2, $3, $4, $5, $6, 'scripted') ON CONFLICT DO NOTHING`,
      [tenantId, data.request_id, event.type, id, record.value, JSON.stringify(record.headers)],
    );
    if (isPublished) await this.producer.send(record);
  }

  async offer(models: readonly string[]): Promise<void> {
    await this.pool.query(
      `INSERT INTO inference_models (provider, replica, model, max_model_len, seen_at)
       SELECT 'spec', 'r-1', model, 2048, now() FROM unnest($1::text[]) AS model`,
      [models],
    );
  }

  private async follow(partition: AssignedPartition): Promise<void> {
    await partition.start(undefined);
    this.following.add(`${partition.topic}/${partition.partition}`);
    for (;;) {
      const chunk = await partition.read(limits);
      if (chunk === undefined) return;
      for (const record of chunk.records) {
        if (partition.topic === 'inference.control') {
          const { command } = this.codecs.commands.decode(record);
          if (command.type === 'inference.cancel') this.cancels.push(command.data);
          continue;
        }
        const { event, metadata } = this.codecs.events.decode(record);
        if (event.type !== 'inference.requested') continue;
        const input = Object(jsonValue(event.data.input_data));
        const request = { tenantId: metadata.tenantId, data: event.data, input };
        this.taken.push(request);
        void this.script(request, this);
      }
    }
  }
}

function about({ data }: TakenRequest) {
  const { request_id, session_id, user_id, agent_id, execution_id, workflow_id, step_id, model } = data;
  return { request_id, session_id, user_id, agent_id, execution_id, workflow_id, step_id, model };
}

function metadataOf(tenantId: TenantId, requestId: string, id: string) {
  return { id, source, subject: requestId, tenantId, timeMs: Date.now(), correlationId: requestId };
}
