import type { EventMetadata } from '@chorda/contracts';
import type { StreamRef, Typed } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import type { IncomingRecord } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import { LogGapError, PartitionFencedError } from '../errors.js';
import type { DecidedEvent } from '../outcome.js';
import { streamKey, streamNamed } from '../stream-name.js';
import { commitTurn, streamWrites } from '../store/commit-turn.js';
import { loadStreams } from '../store/load-streams.js';
import type { PartitionClaim } from '../store/partition-row.js';
import { answerHeader } from '../turn/command-decider.js';
import { definitionOf } from '../turn/definition-of.js';
import type { StreamState, TimerChange, TurnOutcome, TurnRecord } from '../turn/turn.js';
import type { EngineParts } from './engine-parts.js';

/** Records of one transaction; a command is never cut. */
const recordsMax = 500;

/** What reading the log back needs. */
export type ImportParts<States, Command extends Typed, Event extends Typed> = Pick<
  EngineParts<States, Command, Event>,
  'aggregate' | 'codec' | 'eventTopic' | 'bounds' | 'driver' | 'admin' | 'pool' | 'metrics'
>;

/** A record of the event topic that an engine wrote. */
interface LogEvent<Event extends Typed> {
  readonly record: IncomingRecord;
  readonly event: Event;
  readonly metadata: EventMetadata;
  readonly seq: bigint;
  readonly stream: StreamRef | undefined;
  readonly version: bigint | undefined;
}

export interface Imported {
  readonly claim: PartitionClaim;
  /** Records behind `claim.publishedSeq` that the database has and the log too. */
  readonly inLog: ReadonlySet<bigint>;
  /** Everything before this offset of the event topic is in the database. */
  readonly readTo: bigint;
  /** Records that the database did not have. */
  readonly imported: number;
}

/**
 * Reads the event partition from where the database says that it was published. What the log has and the database has
 * not, because the database was put back to an older point, is written down before anything is decided: otherwise the
 * same versions would be decided a second time, with other bodies.
 */
export async function importLog<States, Command extends Typed, Event extends Typed>(
  parts: ImportParts<States, Command, Event>,
  claimed: PartitionClaim,
  onRead: (nextOffset: bigint, endOffset: bigint) => void = () => undefined,
): Promise<Imported> {
  const { partition } = claimed;
  const place = (await parts.admin.offsets(parts.eventTopic)).find((each) => each.partition === partition);
  const from = max(claimed.publishedOffset, place?.start ?? 0n);
  const to = place?.end ?? 0n;
  const inLog = new Set<bigint>();
  if (from >= to) return { claim: claimed, inLog, readTo: claimed.publishedOffset, imported: 0 };
  const importer = new LogImporter(parts, claimed);
  for await (const chunk of parts.driver.scan({ topic: parts.eventTopic, partition, from, to })) {
    onRead(chunk.nextOffset, to);
    for (const record of chunk.records) {
      const found = await readEvent(parts, record);
      if (!found) continue;
      if (found.seq < claimed.nextSeq) inLog.add(found.seq);
      else if (!isPlanted('decisions-log-passed-by')) await importer.take(found);
    }
  }
  return { claim: await importer.finish(), inLog, readTo: to, imported: importer.imported };
}

/** Undefined for what others wrote: facts of senders have no partition sequence. */
async function readEvent<States, Command extends Typed, Event extends Typed>(
  { aggregate, codec }: ImportParts<States, Command, Event>,
  record: IncomingRecord,
): Promise<LogEvent<Event> | undefined> {
  if (record.headers['ce_partitionseq'] === undefined) return undefined;
  const { event, metadata } = codec.decodeEvent(record);
  const { partitionSeq: seq, streamVersion: version, stream: name } = metadata.decision ?? {};
  if (seq === undefined) return undefined;
  const stream = version === undefined ? undefined : streamNamed(aggregate.kind, metadata.subject, name);
  return { record, event, metadata, seq, stream, version };
}

class LogImporter<States, Command extends Typed, Event extends Typed> {
  private waiting: LogEvent<Event>[] = [];
  private lastSeq: bigint;
  private epochMax: bigint;
  imported = 0;

  constructor(
    private readonly parts: ImportParts<States, Command, Event>,
    private claim: PartitionClaim,
  ) {
    this.lastSeq = claim.nextSeq - 1n;
    this.epochMax = claim.epoch;
  }

  async take(found: LogEvent<Event>): Promise<void> {
    // The log may hold repeats; the first occurrence is the one that readers have applied.
    if (found.seq <= this.lastSeq) return;
    const last = this.waiting.at(-1);
    const isNewCommand = last && commandOf(last) !== commandOf(found);
    if (isNewCommand && this.waiting.length >= recordsMax) await this.write();
    this.waiting.push(found);
    this.lastSeq = found.seq;
    this.epochMax = max(this.epochMax, found.metadata.decision?.epoch ?? 0n);
  }

  async finish(): Promise<PartitionClaim> {
    if (this.waiting.length > 0) await this.write();
    return this.claim;
  }

  private async write(): Promise<void> {
    const { parts, claim, waiting } = this;
    const changed = await this.fold();
    const offsets = waiting.flatMap(({ metadata }) => metadata.decision?.commandOffset ?? []);
    const nextCommandOffset = offsets.reduce((most, offset) => max(most, offset + 1n), claim.nextCommandOffset);
    const moved = {
      nextCommandOffset,
      nextSeq: this.lastSeq + 1n,
      publishedSeq: this.lastSeq,
      publishedOffset: (waiting.at(-1)?.record.offset ?? -1n) + 1n,
    };
    const isOwner = await commitTurn(parts.pool, claim, {
      ...moved,
      records: waiting.map((each) => this.recordOf(each)),
      streams: streamWrites(parts.aggregate, changed.after.values(), parts.bounds.snapshotEvery, () => undefined),
      timers: this.timersOf(changed),
      outcomes: outcomesOf(waiting),
      ...(this.epochMax > claim.epoch && { epoch: this.epochMax + 1n }),
    });
    if (!isOwner) throw new PartitionFencedError(claim.kind, claim.partition);
    const epoch = this.epochMax > claim.epoch ? this.epochMax + 1n : claim.epoch;
    this.claim = { ...claim, ...moved, epoch };
    this.epochMax = epoch;
    parts.metrics.imported.inc({ kind: claim.kind }, waiting.length);
    this.imported += waiting.length;
    this.waiting = [];
  }

  private async fold() {
    const wanted = new Map(
      this.waiting.flatMap(({ stream, metadata: { tenantId, subject } }) => {
        return stream ? [[streamKey(tenantId, stream), { tenantId, subject, stream }]] : [];
      }),
    );
    const before = await loadStreams(this.parts.pool, this.parts, [...wanted.values()]);
    const after = new Map<string, StreamState>();
    for (const found of this.waiting) {
      const { stream, version, metadata } = found;
      if (!stream || version === undefined) continue;
      const key = streamKey(metadata.tenantId, stream);
      const known = after.get(key) ?? before.get(key)!;
      if (version !== known.version + 1n) throw gapOf(found, known.version);
      const state = definitionOf(this.parts.aggregate, stream).evolve(known.state, found.event);
      after.set(key, { ...known, subject: metadata.subject, version, state });
    }
    return { before, after };
  }

  private recordOf({ record, event, metadata, seq, stream, version }: LogEvent<Event>): TurnRecord {
    const headers = Object.entries(record.headers).flatMap(([name, value]) => {
      return Buffer.isBuffer(value) ? [[name, value.toString('utf8')]] : [];
    });
    const { tenantId, subject, timeMs } = metadata;
    const body = {
      value: record.value ?? Buffer.alloc(0),
      headers: Object.fromEntries(headers) as Record<string, string>,
    };
    return { seq, tenantId, subject, topic: this.parts.eventTopic, type: event.type, timeMs, stream, version, body };
  }

  private timersOf({
    before,
    after,
  }: {
    before: ReadonlyMap<string, StreamState>;
    after: ReadonlyMap<string, StreamState>;
  }): readonly TimerChange[] {
    const correlations = new Map(
      this.waiting.map(({ stream, metadata }) => {
        return [stream ? streamKey(metadata.tenantId, stream) : '', metadata.correlationId];
      }),
    );
    return [...after].flatMap(([key, state]) => {
      const pending = (each: StreamState | undefined) =>
        (each && definitionOf(this.parts.aggregate, each.stream).timers?.(each.state)) ?? [];
      const { tenantId, subject, stream } = state;
      const place = { tenantId, subject, stream, correlationId: correlations.get(key) ?? '' };
      const gone = new Set(pending(before.get(key)).map(({ id }) => id));
      const set = pending(state).map(({ id, dueMs }) => ({ ...place, timerId: id, dueMs }));
      for (const { timerId } of set) gone.delete(timerId);
      return [...set, ...[...gone].map((timerId) => ({ ...place, timerId, dueMs: undefined }))];
    });
  }
}

function commandOf({ metadata }: LogEvent<Typed>): string {
  return `${metadata.tenantId}\n${metadata.decision?.commandId ?? ''}`;
}

/** Of commands of the log; what a timer caused has nobody who asks for it. */
function outcomesOf(events: readonly LogEvent<Typed>[]): readonly TurnOutcome[] {
  const commands = Map.groupBy(
    events.filter(({ metadata }) => metadata.decision?.commandOffset !== undefined),
    commandOf,
  );
  return [...commands.values()].flatMap((found) => {
    const { metadata } = found[0]!;
    const commandId = metadata.decision?.commandId;
    if (commandId === undefined) return [];
    const outcome = { status: 'accepted' as const, events: found.map(decidedEvent), answer: answerIn(found) };
    return [{ tenantId: metadata.tenantId, commandId, seq: found.at(-1)!.seq, outcome }];
  });
}

function decidedEvent({ event, metadata, stream, version }: LogEvent<Typed>): DecidedEvent {
  const named = { id: metadata.id, type: event.type };
  return stream && version !== undefined ? { ...named, stream, version } : named;
}

function answerIn(found: readonly LogEvent<Typed>[]): JsonValue | undefined {
  const header = found[0]?.record.headers[answerHeader];
  return Buffer.isBuffer(header) ? (JSON.parse(header.toString('utf8')) as JsonValue) : undefined;
}

function gapOf({ record, stream, version }: LogEvent<Typed>, known: bigint): LogGapError {
  const { topic, partition, offset } = record;
  return new LogGapError(
    `${topic}[${partition}] at ${offset} has version ${version} of ${stream?.kind}-${stream?.id}, and the database has ` +
      `${known}: restore a backup, or the event topic, in which nothing is missing between the two`,
  );
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
