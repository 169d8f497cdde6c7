import { eventTypes, EventCodec, parseEventData, type EventEnvelope, type EventType } from '@chorda/contracts';
import { silentLogger, tenantId } from '@chorda/kernel';
import {
  redriveTopic,
  type Batch,
  type IncomingRecord,
  type Message,
  type Outcome,
  type Outcomes,
  type RecordPlace,
  type SetAsideRecord,
} from '@chorda/messaging';
import { createPool } from '@chorda/read-models';
import type pg from 'pg';
import { Registry } from 'prom-client';
import type { Arrival } from '../parking/arrival.js';
import { parkBoundsDefault, type ParkBounds } from '../parking/park-bounds.js';
import { ParkedRetries } from '../parking/parked-retries.js';
import { allProjections } from '../projections.js';
import { AdvanceNotifier } from './advance-notifier.js';
import { checkpointTable } from './checkpoint-table.js';
import { projectionMetrics } from './projection-metrics.js';
import { ProjectionRunner, type PartitionStop, type RunnerParts } from './projection-runner.js';
import type { Projection } from './projection.js';
import type { VersionGap } from './stream-versions.js';

/** What specs of the runner share: records as the log has them, and a runner without Kafka around it. */

export const codec = EventCodec.offline(1);

export const systemEvents = { topic: 'system.events', partition: 0 } as const;

const group = 'projector.read-models';
export const redrives = { topic: redriveTopic(systemEvents.topic, group), partition: 0 } as const;

export interface GivenEvent {
  readonly offset: number;
  readonly id?: string;
  readonly source?: string;
  readonly tenant?: string;
  readonly service?: string;
  readonly type?: EventType;
  readonly recordTimeMs?: number;
  /** Beside service and instance. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Brought by a redrive, at this offset of the redrive topic. */
  readonly redrivenAt?: number;
}

/** A health check, unless its data say otherwise; through the codec: bytes and headers are those of the log. */
export function message(given: GivenEvent): Message {
  const { offset, service = 'projector', type = 'system.health_check', recordTimeMs = Date.now() } = given;
  const health = {
    status: 'healthy',
    metrics: { cpu_usage: 0.5, memory_usage: 0.25, active_agents: 1, queue_size: offset },
    alerts: [],
  };
  const parsed = parseEventData(type, { service, instance: 'one', ...(given.data ?? health) });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  const metadata = {
    id: given.id ?? `event-${offset}`,
    source: given.source ?? '/spec',
    subject: service,
    tenantId: tenantId(given.tenant ?? 'default'),
    timeMs: recordTimeMs,
    correlationId: 'correlation',
  };
  return inLog({ event: parsed.event, metadata }, { ...systemEvents, offset: BigInt(offset) }, given);
}

export const workflowEvents = { topic: 'workflow.events', partition: 0 } as const;

export interface GivenDecision extends Pick<GivenEvent, 'id' | 'tenant' | 'redrivenAt'> {
  readonly offset: number;
  readonly version: number;
  readonly stream?: string;
  /** One of several streams of the subject. */
  readonly streamName?: string;
}

/** A decision of the workflow `stream`, at `version` of it. */
export function decision(given: GivenDecision): Message {
  const { offset, version, stream = 'run-1' } = given;
  const parsed = parseEventData('workflow.paused', { workflow_id: stream, workflow_name: 'spec', reason: 'asked' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  const metadata = {
    id: given.id ?? `event-${offset}`,
    source: '/spec',
    subject: stream,
    tenantId: tenantId(given.tenant ?? 'default'),
    timeMs: Date.now(),
    correlationId: 'correlation',
    decision: {
      streamVersion: BigInt(version),
      ...(given.streamName === undefined ? {} : { stream: given.streamName }),
    },
  };
  return inLog({ event: parsed.event, metadata }, { ...workflowEvents, offset: BigInt(offset) }, given);
}

function inLog(
  written: EventEnvelope,
  place: RecordPlace,
  { redrivenAt, recordTimeMs = Date.now() }: Pick<GivenEvent, 'redrivenAt' | 'recordTimeMs'>,
): Message {
  const encoded = codec.encode(written);
  const redriven = { topic: redriveTopic(place.topic, group), partition: 0, offset: BigInt(redrivenAt ?? 0) };
  const record: IncomingRecord = {
    ...(redrivenAt === undefined ? place : redriven),
    key: encoded.key,
    value: encoded.value,
    headers: Object.fromEntries(Object.entries(encoded.headers).map(([name, text]) => [name, Buffer.from(text)])),
    timestampMs: recordTimeMs,
  };
  const envelope = codec.decode(record);
  return { record, envelope, event: envelope.event, origin: place };
}

export function messages(from: number, count: number, given: Omit<GivenEvent, 'offset'> = {}): readonly Message[] {
  return Array.from({ length: count }, (_, index) => message({ ...given, offset: from + index }));
}

export function batchOf(
  records: readonly Message[],
  bounds: { first?: bigint; next?: bigint } = {},
  setAside: readonly SetAsideRecord[] = [],
): Batch {
  const all = [...records, ...setAside].map(({ record }) => record).sort((a, b) => Number(a.offset - b.offset));
  const firstOffset = bounds.first ?? all[0]?.offset ?? 0n;
  const nextOffset = bounds.next ?? (all.at(-1)?.offset ?? firstOffset) + 1n;
  const { topic, partition } = all[0] ?? systemEvents;
  return {
    topic,
    partition,
    [Symbol.iterator]: () => records[Symbol.iterator](),
    messages: records,
    setAside,
    firstOffset,
    nextOffset,
    assignmentEpoch: 1,
    signal: new AbortController().signal,
    allDone: () => new AllDone(),
  };
}

class AllDone implements Outcomes {
  retry(): void {
    throw new Error('The projector never asks for a retry');
  }
  dead(): void {
    throw new Error('The projector sets nothing aside');
  }
  of(): Outcome {
    return { kind: 'done' };
  }
}

export interface ParkedNote {
  readonly projection: string;
  readonly key: string;
  readonly offset: number;
  readonly reason: string | undefined;
}

function parkedNote({ name }: Projection, { key, origin, fault }: Arrival): ParkedNote {
  return { projection: name, key: key.text, offset: Number(origin.offset), reason: fault?.reason };
}

function gapNote({ topic, partition, offset, stream, expected, found }: VersionGap): GapNote {
  return { topic, partition, offset, stream, expected, found };
}

type GapNote = Omit<VersionGap, 'message'>;

export interface TestRunner {
  readonly runner: ProjectionRunner;
  readonly pool: pg.Pool;
  readonly pipelined: pg.Pool;
  readonly metrics: Registry;
  readonly stops: PartitionStop[];
  readonly gaps: GapNote[];
  /** Sequences that began. */
  readonly parked: ParkedNote[];
  /** Serves every retry that was asked for. */
  retryAll(): Promise<void>;
  fenced(): number;
  close(): Promise<void>;
}

/** A projector's runner with connections of its own, as a process has them. */
export async function startRunner(
  databaseUrl: string,
  options: {
    readonly owner?: string;
    readonly projections?: readonly Projection[];
    readonly transactionTimeoutMs?: number;
    readonly topicId?: RunnerParts['topicId'];
    readonly topicIds?: RunnerParts['topicIds'];
    readonly bounds?: Partial<ParkBounds>;
  } = {},
): Promise<TestRunner> {
  const session = {
    applicationName: options.owner ?? 'runner',
    connectionsMax: 4,
    transactionTimeoutMs: options.transactionTimeoutMs ?? 5_000,
  };
  const pool = createPool(databaseUrl, session);
  const pipelined = createPool(databaseUrl, { ...session, isPipelined: true });
  const projections = options.projections ?? ownProjections();
  await checkpointTable.register(pool, projections);
  const metrics = new Registry();
  const stops: PartitionStop[] = [];
  const gaps: GapNote[] = [];
  const parked: ParkedNote[] = [];
  let fenced = 0;
  const notifier = new AdvanceNotifier(pool, silentLogger);
  const runner = new ProjectionRunner({
    pool,
    pipelined,
    projections,
    group,
    owner: options.owner ?? 'runner',
    notifier,
    metrics: projectionMetrics(metrics),
    operations: { record: () => undefined },
    logger: silentLogger,
    topicId: options.topicId ?? (() => Promise.resolve('topic-id')),
    topicIds: options.topicIds ?? (() => Promise.resolve(new Map())),
    onFenced: () => void fenced++,
    onStopped: (stop) => void stops.push(stop),
    onGaps: (found) => void gaps.push(...found.map(gapNote)),
    bounds: { ...parkBoundsDefault, ...options.bounds },
    onRetryWanted: () => undefined,
    onParked: (projection, begun) => void parked.push(...begun.map((arrival) => parkedNote(projection, arrival))),
  });
  const retries = new ParkedRetries({
    pool,
    codec,
    metrics: projectionMetrics(new Registry()),
    logger: silentLogger,
    workers: () => runner.workers(),
  });
  const close = async () => {
    await notifier.settled();
    await pipelined.end();
    await pool.end();
  };
  const retryAll = async () => {
    retries.ring();
    await retries.settled();
  };
  return { runner, pool, pipelined, metrics, stops, gaps, parked, retryAll, fenced: () => fenced, close };
}

/** For projections of a spec that write nothing. */
export const noTable = { name: 'none', key: [], columns: {} } as const;

/** Those that `readModels` shows: the others have specs of their own, and what a batch costs grows with each. */
export function ownProjections(): readonly Projection[] {
  const shown = ['journal', 'services', 'service_health'];
  const all = allProjections({ journalDays: Infinity, healthDays: Infinity, ratesDays: Infinity });
  return all.filter(({ name }) => shown.includes(name));
}

/** What the read models hold, for comparing. */
export async function readModels(pool: pg.Pool) {
  const journal = await pool.query<{ offset: string; event_id: string }>(
    `SELECT "offset", event_id FROM journal_v1 WHERE topic = $1 ORDER BY "offset"`,
    [systemEvents.topic],
  );
  const health = await pool.query<{ offset: string }>(`SELECT "offset" FROM service_health_v1 ORDER BY "offset"`);
  const service = await pool.query<{ queue_size: string }>(`SELECT queue_size FROM services_v1`);
  const checkpoints = await pool.query<{ projection: string; next_offset: string }>(
    `SELECT projection, next_offset FROM checkpoints WHERE topic = $1 ORDER BY projection`,
    [systemEvents.topic],
  );
  return {
    journal: journal.rows.map((row) => Number(row.offset)),
    health: health.rows.map((row) => Number(row.offset)),
    lastQueueSize: service.rows.map((row) => Number(row.queue_size)),
    checkpoints: checkpoints.rows.map((row) => Number(row.next_offset)),
  };
}

export function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

export const healthCheckSchema = eventTypes['system.health_check'].schemaFingerprint;
