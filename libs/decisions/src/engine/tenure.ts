import { deadLetterTopic } from '@chorda/contracts';
import type { Typed } from '@chorda/domain';
import { sleep } from '@chorda/kernel';
import { deadLetterRecord, reasonOf, type AssignedPartition, type OutgoingRecord } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import { isDatabaseAway } from '@chorda/read-models';
import { PartitionFencedError } from '../errors.js';
import { streamWrites, type TurnWrites } from '../store/commit-turn.js';
import { outboxAfter, type OutboxRecord } from '../store/outbox.js';
import { markPublished, type PartitionClaim } from '../store/partition-row.js';
import type { Fault, StreamState, TurnRecord } from '../turn/turn.js';
import type { CommandReader } from './command-reader.js';
import type { CommandTries } from './command-tries.js';
import { DueClock } from './due-clock.js';
import type { EngineParts } from './engine-parts.js';
import { importLog } from './import-log.js';
import { commitOrPlanted } from './planted-commit.js';
import { Publisher } from './publisher.js';
import { queueCommands, type QueuedCommand } from './queued-commands.js';
import { StateCache } from './state-cache.js';
import { TurnMaker, type MadeTurn } from './turn-maker.js';

/** A partition without work writes down what was published after so long. */
const settleAfterMs = 200;
const backlogRecordsMax = 1_000;
const writeFailedPauseMs = 100;

/**
 * The time between one claim of a partition and its end, however it ends. Whatever fails ends it: what was decided and
 * not committed has not happened, and the next claim begins where the tables stand.
 */
export class Tenure<States, Command extends Typed, Event extends Typed> {
  private readonly cache: StateCache;
  private readonly maker: TurnMaker<States, Command, Event>;
  private readonly publisher: Publisher;
  private readonly clock = new DueClock();
  private readonly ending = new AbortController();
  private readonly queue: QueuedCommand<Command>[] = [];
  private publishing: Promise<void> | undefined;
  private publishFault: Error | undefined;
  /** What the brokers have, and the database may not know yet. */
  private published: { readonly seq: bigint; readonly offset: bigint };
  private publishedAtMs = 0;
  private unpublishedSinceMs: number | undefined;
  private timersLeft = false;

  constructor(
    private readonly partition: AssignedPartition,
    private readonly parts: EngineParts<States, Command, Event>,
    private readonly reader: CommandReader,
    private readonly tries: CommandTries,
    private claim: PartitionClaim,
  ) {
    const { producer, eventTopic, ensureTopic, metrics, logger, bounds } = parts;
    this.cache = new StateCache(bounds.cachedStreamsMax);
    this.maker = new TurnMaker(parts, this.cache);
    const signal = AbortSignal.any([partition.owned, this.ending.signal]);
    const common = { producer, eventTopic, signal, ensureTopic, metrics, logger };
    this.publisher = new Publisher({ ...common, kind: claim.kind, partition: claim.partition });
    this.published = { seq: claim.publishedSeq, offset: claim.publishedOffset };
  }

  get standing() {
    const { claim, published, partition } = this;
    const endOffset = partition.endOffset ?? claim.nextCommandOffset;
    const lag = endOffset > claim.nextCommandOffset ? endOffset - claim.nextCommandOffset : 0n;
    return {
      lagCommands: Number(lag),
      unpublishedRecords: Number(claim.nextSeq - 1n - published.seq),
      unpublishedSeconds: this.unpublishedSinceMs === undefined ? 0 : (Date.now() - this.unpublishedSinceMs) / 1000,
      cachedStreams: this.cache.size,
    };
  }

  /** Takes over what the owner before left, then decides until intake ends. */
  async run(): Promise<void> {
    try {
      await this.takeOver();
      await this.reader.startAt(this.claim.nextCommandOffset);
      while (await this.untilWork()) await this.turn();
      await this.publishing;
      await this.settle();
    } finally {
      this.ending.abort();
      // What is under way is in the log, or surely not, before the next claim reads it: after a database was put back, a
      // record that came behind that reading would be decided a second time.
      await this.publishing;
    }
  }

  private async takeOver(): Promise<void> {
    const { parts } = this;
    const { claim, inLog, readTo } = await importLog(parts, this.claim, () => this.partition.progress());
    this.claim = claim;
    this.published = { seq: claim.publishedSeq, offset: readTo };
    if (claim.nextSeq - 1n > claim.publishedSeq) this.unpublishedSinceMs = Date.now();
    for (;;) {
      const backlog = await outboxAfter(parts.pool, claim, this.published.seq, backlogRecordsMax);
      const last = backlog.at(-1);
      if (!last) break;
      const missing = backlog.filter(({ topic, seq }) => topic !== parts.eventTopic || !inLog.has(seq));
      parts.metrics.republished.inc({ kind: claim.kind }, missing.length);
      if (!(await this.publish(missing, claim.nextCommandOffset))) return;
      this.published = { ...this.published, seq: last.seq };
    }
    this.unpublishedSinceMs = undefined;
    await this.settle();
    this.tell(claim.nextCommandOffset);
  }

  /** False when intake ended first. */
  private async untilWork(): Promise<boolean> {
    const { parts, reader, partition } = this;
    for (;;) {
      if (partition.intake.aborted) return false;
      if (this.publishFault !== undefined) throw this.publishFault;
      if (this.queue.length < parts.bounds.commandsMax) {
        const chunk = reader.take();
        if (chunk) this.queue.push(...(await queueCommands(chunk, parts.codec, parts.partitions)));
      }
      if (this.queue.length > 0 || this.clock.isDue) return true;
      await this.rest();
    }
  }

  /** Until something may have to be done: records, a timer, or writing down what was published. */
  private async rest(): Promise<void> {
    const isSettled = this.published.seq <= this.claim.publishedSeq;
    const settleAtMs = isSettled ? Number.POSITIVE_INFINITY : this.publishedAtMs + settleAfterMs;
    const waiting = new AbortController();
    const sleepMs = Math.max(0, Math.min(this.clock.wakeAtMs, settleAtMs) - Date.now());
    try {
      const signal = AbortSignal.any([waiting.signal, this.partition.intake]);
      // The end of a publication sets the time for writing it down.
      const ends = [this.reader.whenArrived(), sleep(sleepMs, signal), ...(this.publishing ? [this.publishing] : [])];
      await Promise.race(ends);
    } finally {
      waiting.abort();
    }
    if (Date.now() >= settleAtMs) await this.settle();
  }

  private async turn(): Promise<void> {
    const { claim, tries, clock } = this;
    const startedMs = performance.now();
    const front = this.front();
    const timersMax = this.timersMaxBeside(front);
    const made = await this.maker.make(claim, front, {
      ...{ timersMax, timersFirst: this.timersLeft, condemned: tries.condemned },
    });
    clock.looked(made.ground, timersMax);
    if (made.result.fault) this.count(made.result.fault);
    if (made.settled.length === 0 && made.taken.length === 0) return;
    await this.setAside(made.settled, made.result.dead);
    const writes = this.writesOf(made);
    if (isPlanted('decisions-publish-before-commit'))
      await this.publisher.publish(made.result.records.map(outboxRecord));
    if (!(await this.commit(made, writes))) return;
    crashPoint('decisions-after-commit');
    this.committed(made, writes, timersMax, startedMs);
    // One batch is on its way while the next is decided, and no more.
    await this.publishing;
    if (this.publishFault !== undefined) throw this.publishFault;
    const records = made.result.records.map(outboxRecord);
    this.publishing = this.publish(records, this.claim.nextCommandOffset)
      .catch((error: unknown) => {
        this.publishFault = error instanceof Error ? error : new Error(String(error));
      })
      .then(() => {
        this.publishing = undefined;
      });
  }

  private committed(made: MadeTurn<Command>, writes: Writes, timersMax: number, startedMs: number): void {
    const { nextCommandOffset, nextSeq, publishedSeq, publishedOffset } = writes;
    this.claim = { ...this.claim, nextCommandOffset, nextSeq, publishedSeq, publishedOffset };
    this.queue.splice(0, made.settled.length);
    for (const [key, state] of writes.states) this.cache.set(key, state);
    this.timersLeft = made.timersLeft;
    if (!made.timersLeft) this.clock.fired(made.ground, timersMax);
    this.clock.set(made.result.timers);
    this.tries.settle(made.taken);
    if (made.result.records.length > 0) this.unpublishedSinceMs ??= Date.now();
    this.observe(made, startedMs);
  }

  /** So many of the queue as fit in a turn; one alone after something failed. */
  private front(): readonly QueuedCommand<Command>[] {
    const { commandsMax, commandBytesMax } = this.parts.bounds;
    const [first] = this.queue;
    if (!first || (this.tries.timersAlone && this.clock.isDue)) return [];
    if (this.tries.isAlone(first.record.offset)) return [first];
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of this.queue) {
      if (count >= commandsMax || (count > 0 && bytes + more > commandBytesMax)) break;
      bytes += more;
      count++;
    }
    return this.queue.slice(0, count);
  }

  private timersMaxBeside([first]: readonly QueuedCommand<Command>[]): number {
    if (!this.clock.isDue || (first && this.tries.isAlone(first.record.offset))) return 0;
    return this.tries.timersAlone ? 1 : this.parts.bounds.timersMax;
  }

  private writesOf({ result, settled }: MadeTurn<Command>): Writes {
    const { claim, parts, published } = this;
    const { aggregate, bounds, logger } = parts;
    const streams = streamWrites(aggregate, result.changed.values(), bounds.snapshotEvery, (stream, error) => {
      logger.error('A state cannot be kept as a snapshot', { stream: `${stream.kind}-${stream.id}`, error });
    });
    const keys = [...result.changed.keys()];
    return {
      ...{ records: result.records, outcomes: result.outcomes, timers: result.timers, streams },
      nextCommandOffset: settled.at(-1)?.nextOffset ?? claim.nextCommandOffset,
      nextSeq: claim.nextSeq + BigInt(result.records.length),
      publishedSeq: published.seq,
      publishedOffset: published.offset,
      states: new Map(streams.map((state, index) => [keys[index] ?? '', state])),
    };
  }

  /** False where what the turn holds is at fault: what is in it is tried one by one from now on. */
  private async commit(made: MadeTurn<Command>, writes: Writes): Promise<boolean> {
    const { claim, parts } = this;
    const { kind, partition } = claim;
    try {
      if (!(await commitOrPlanted(parts.pool, claim, writes))) throw new PartitionFencedError(kind, partition);
      parts.metrics.turns.inc({ kind, result: 'committed' });
      return true;
    } catch (error) {
      const isFenced = error instanceof PartitionFencedError;
      const isAway = isDatabaseAway(error);
      parts.metrics.turns.inc({ kind, result: isFenced ? 'fenced' : isAway ? 'away' : 'failed' });
      if (isFenced || isAway || !(error instanceof Error)) throw error;
      parts.logger.warn('A turn could not be written; trying what is in it one by one', { kind, partition, error });
      this.tries.writeFailed(made.taken, error);
      await sleep(writeFailedPauseMs, this.partition.intake);
      return false;
    }
  }

  private count({ command, error }: Fault<Command>): void {
    const { kind, partition } = this.claim;
    this.parts.metrics.faults.inc({ kind });
    const attempts = this.tries.fail(command, error);
    const fields = { kind, partition, command_id: command.context.id, attempts, error };
    this.parts.logger.error('A command could not be decided', fields);
  }

  /** Dead letters are in their topic before the offset moves past what they are of. */
  private async setAside(settled: readonly QueuedCommand<Command>[], dead: readonly Fault<Command>[]): Promise<void> {
    const { group, commandTopic, producer, ensureTopic, bounds } = this.parts;
    const faults = new Map(dead.map(({ command, error }) => [command, error]));
    const letters: OutgoingRecord[] = [];
    for (const { record, command, cause } of settled) {
      const error = command && faults.get(command);
      const why = error
        ? { stage: 'handler' as const, error, reason: reasonOf(error), attempts: bounds.attemptsMax }
        : cause;
      if (!why) continue;
      letters.push(deadLetterRecord(record, group, why));
      this.report(record.offset, why.error, command?.context.id);
    }
    if (letters.length === 0) return;
    await ensureTopic(deadLetterTopic(commandTopic, group));
    await Promise.all(letters.map((letter) => producer.send(letter)));
  }

  private report(offset: bigint, error: Error, commandId: string | undefined): void {
    const { commandTopic: topic, logger, onIncident, metrics } = this.parts;
    const { kind, partition } = this.claim;
    logger.error('A command was set aside', { kind, partition, offset: String(offset), error });
    metrics.commands.inc({ kind, outcome: commandId === undefined ? 'unreadable' : 'failed' });
    onIncident({
      ...{ severity: 'error', code: 'COMMAND_SET_ASIDE', topic, partition, offset },
      message: `A command was set aside: ${error.message}`,
      ...(commandId !== undefined && { details: { command_id: commandId } }),
    });
  }

  private observe({ result, ground, repeats, nowMs, taken }: MadeTurn<Command>, startedMs: number): void {
    const { metrics, eventTopic } = this.parts;
    const { kind } = this.claim;
    metrics.turnSeconds.observe({ kind }, (performance.now() - startedMs) / 1000);
    metrics.turnCommands.observe({ kind }, taken.length);
    metrics.commands.inc({ kind, outcome: 'repeated' }, repeats);
    for (const { outcome } of result.outcomes) {
      if (outcome.status !== 'failed') metrics.commands.inc({ kind, outcome: outcome.status });
    }
    for (const { stream, topic } of result.records) {
      metrics.records.inc({ kind, sort: stream ? 'event' : topic === eventTopic ? 'fact' : 'work' });
    }
    metrics.timers.inc({ kind, result: 'due' }, ground.due.length);
    for (const { timer } of ground.due) metrics.timerLateness.observe({ kind }, (nowMs - timer.dueMs) / 1000);
  }

  /** False when the tries were ended: what is not published is the next owner's to publish. */
  private async publish(records: readonly OutboxRecord[], nextCommandOffset: bigint): Promise<boolean> {
    if (records.length > 0) {
      const published = await this.publisher.publish(records);
      if (!published) return false;
      this.published = { seq: published.seq, offset: published.offset ?? this.published.offset };
      this.publishedAtMs = Date.now();
      crashPoint('decisions-after-publish');
    }
    if (this.published.seq >= this.claim.nextSeq - 1n) this.unpublishedSinceMs = undefined;
    this.tell(nextCommandOffset);
    return true;
  }

  /** Wakes those who wait for commands before this offset. */
  private tell(nextCommandOffset: bigint): void {
    const { kind, partition } = this.claim;
    this.partition.commit(nextCommandOffset);
    this.parts.notifier.notify({ kind, partition, nextCommandOffset, publishedOffset: this.published.offset });
  }

  private async settle(): Promise<void> {
    const { seq: publishedSeq, offset: publishedOffset } = this.published;
    if (publishedSeq <= this.claim.publishedSeq) return;
    const claim = { ...this.claim, publishedSeq, publishedOffset };
    if (!(await markPublished(this.parts.pool, claim))) throw new PartitionFencedError(claim.kind, claim.partition);
    this.claim = { ...this.claim, publishedSeq, publishedOffset };
  }
}

/** With the states that they leave, by `streamKey`. */
interface Writes extends TurnWrites {
  readonly states: ReadonlyMap<string, StreamState>;
}

function outboxRecord({ seq, topic, tenantId, subject, body }: TurnRecord): OutboxRecord {
  return { seq, topic, key: Buffer.from(`${tenantId}/${subject}`), value: body.value, headers: body.headers };
}
