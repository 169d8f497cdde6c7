import type { Typed } from '@chorda/domain';
import { sleep } from '@chorda/kernel';
import type { AssignedPartition } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import { isDatabaseAway } from '@chorda/read-models';
import { PartitionFencedError } from '../errors.js';
import { streamWrites, type Committed, type TurnWrites } from '../store/commit-turn.js';
import { outboxAfter, type OutboxRecord } from '../store/outbox.js';
import { markPublished, type PartitionClaim } from '../store/partition-row.js';
import type { Fault, StreamState, TurnRecord } from '../turn/turn.js';
import type { CommandReader } from './command-reader.js';
import type { CommandTries } from './command-tries.js';
import { DueClock } from './due-clock.js';
import type { EngineParts } from './engine-parts.js';
import { importLog } from './import-log.js';
import { Publication } from './publication.js';
import { Publisher } from './publisher.js';
import { queueCommands, type QueuedCommand } from './queued-commands.js';
import { setAside } from './set-aside.js';
import { StateCache } from './state-cache.js';
import { observeTurn } from './turn-figures.js';
import { repeatKey, TurnMaker, type MadeTurn } from './turn-maker.js';

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
  private readonly clock = new DueClock();
  private readonly ending = new AbortController();
  private readonly queue: QueuedCommand<Command>[] = [];
  /** Commands of the queue that were decided before, as a commit found. */
  private readonly repeats = new Set<string>();
  private publication: Publication;
  private timersLeft = false;

  constructor(
    private readonly partition: AssignedPartition,
    private readonly parts: EngineParts<States, Command, Event>,
    private readonly reader: CommandReader,
    private readonly tries: CommandTries,
    private claim: PartitionClaim,
  ) {
    this.cache = new StateCache(parts.bounds.cachedStreamsMax);
    this.maker = new TurnMaker(parts, this.cache);
    this.publication = this.publicationFrom(claim, claim.publishedOffset);
  }

  get standing() {
    const { claim, publication, partition } = this;
    const endOffset = partition.endOffset ?? claim.nextCommandOffset;
    const lag = endOffset > claim.nextCommandOffset ? endOffset - claim.nextCommandOffset : 0n;
    return {
      lagCommands: Number(lag),
      unpublishedRecords: Number(claim.nextSeq - 1n - publication.seq),
      unpublishedSeconds: publication.waitingSeconds,
      cachedStreams: this.cache.size,
    };
  }

  /** Takes over what the owner before left, then decides until intake ends. */
  async run(): Promise<void> {
    try {
      await this.takeOver();
      await this.reader.startAt(this.claim.nextCommandOffset);
      while (await this.untilWork()) await this.inRound();
      await this.publication.ending;
      await this.settle();
    } finally {
      this.ending.abort();
      // What is under way is in the log, or surely not, before the next claim reads it: after a database was put back, a
      // record that came behind that reading would be decided a second time.
      await this.publication.ending;
    }
  }

  private publicationFrom({ kind, partition, publishedSeq, nextSeq }: PartitionClaim, offset: bigint): Publication {
    const { producer, eventTopic, ensureTopic, metrics, logger, notifier, onPublished } = this.parts;
    const signal = AbortSignal.any([this.partition.owned, this.ending.signal]);
    const publisher = new Publisher({ producer, eventTopic, signal, ensureTopic, metrics, logger, kind, partition });
    return new Publication(
      { place: { kind, partition }, publisher, notifier, partition: this.partition, onPublished },
      { seq: publishedSeq, offset, committedSeq: nextSeq - 1n },
    );
  }

  private async takeOver(): Promise<void> {
    const { parts } = this;
    const { claim, inLog, readTo } = await importLog(parts, this.claim, () => this.partition.progress());
    this.claim = claim;
    const publication = this.publicationFrom(claim, readTo);
    this.publication = publication;
    for (;;) {
      const backlog = await outboxAfter(parts.pool, claim, publication.seq, backlogRecordsMax);
      const last = backlog.at(-1);
      if (!last) break;
      const missing = backlog.filter(({ topic, seq }) => topic !== parts.eventTopic || !inLog.has(seq));
      parts.metrics.republished.inc({ kind: claim.kind }, missing.length);
      const { nextCommandOffset } = claim;
      if (!(await publication.publish({ records: missing, nextCommandOffset }))) return;
      publication.skipTo(last.seq);
    }
    await this.settle();
    publication.tell(claim.nextCommandOffset);
  }

  /** False when intake ended first. */
  private async untilWork(): Promise<boolean> {
    for (;;) {
      if (this.partition.intake.aborted) return false;
      this.publication.check();
      await this.takeArrived();
      if (this.queue.length > 0 || this.clock.isDue) return true;
      await this.rest();
    }
  }

  private async takeArrived(): Promise<void> {
    const { codec, partitions, bounds } = this.parts;
    if (this.queue.length >= bounds.commandsMax) return;
    const chunk = this.reader.take();
    if (chunk) this.queue.push(...(await queueCommands(chunk, codec, partitions)));
  }

  /** Until something may have to be done: records, a timer, or writing down what was published. */
  private async rest(): Promise<void> {
    const { publication } = this;
    const isSettled = publication.seq <= this.claim.publishedSeq;
    const settleAtMs = isSettled ? Number.POSITIVE_INFINITY : publication.publishedAtMs + settleAfterMs;
    const waiting = new AbortController();
    const sleepMs = Math.max(0, Math.min(this.clock.wakeAtMs, settleAtMs) - Date.now());
    try {
      const signal = AbortSignal.any([waiting.signal, this.partition.intake]);
      // The end of a publication sets the time for writing it down.
      const ends = [
        this.reader.whenArrived(),
        sleep(sleepMs, signal),
        ...(publication.ending ? [publication.ending] : []),
      ];
      await Promise.race(ends);
    } finally {
      // Without a reason it makes an error, with its stack, for each rest.
      waiting.abort('over');
    }
    if (Date.now() >= settleAtMs) await this.settle();
  }

  private async inRound(): Promise<void> {
    const leave = await this.parts.rounds.enter();
    let taken = 0;
    try {
      await this.takeArrived();
      taken = await this.turn();
    } finally {
      // The next round is decided while the brokers take this one.
      leave(taken);
    }
  }

  /** @returns How many commands and timers are decided and committed. */
  private async turn(): Promise<number> {
    const { claim, tries, clock, repeats, parts } = this;
    const startedMs = performance.now();
    const front = this.front();
    const timersMax = this.timersMaxBeside(front);
    const made = await this.maker.make(claim, front, {
      ...{ timersMax, timersFirst: this.timersLeft, condemned: tries.condemned, repeats },
      // What is tried alone may be set aside, and that before it is committed.
      asksForRepeats: this.isAlone(front),
    });
    if (made.ground) clock.looked(made.ground, timersMax);
    if (made.result.fault) this.count(made.result.fault);
    if (made.settled.length === 0 && made.taken.length === 0) return 0;
    await setAside(parts, claim, made.settled, made.result.dead);
    const writes = this.writesOf(made);
    const records = made.result.records.map(outboxRecord);
    if (isPlanted('decisions-publish-before-commit')) {
      await this.publication.publish({ records, nextCommandOffset: claim.nextCommandOffset });
    }
    if (!(await this.commit(made, writes))) return 0;
    crashPoint('decisions-after-commit');
    if (made.taken.some(({ timer }) => timer)) crashPoint('decisions-after-timers');
    this.committed(made, writes, timersMax);
    observeTurn(parts, claim.kind, made, startedMs);
    await this.publication.start({ records, nextCommandOffset: this.claim.nextCommandOffset });
    return made.taken.length;
  }

  private committed(made: MadeTurn<Command>, writes: Writes, timersMax: number): void {
    const { nextCommandOffset, nextSeq, publishedSeq, publishedOffset } = writes;
    this.claim = { ...this.claim, nextCommandOffset, nextSeq, publishedSeq, publishedOffset };
    for (const { command } of this.queue.splice(0, made.settled.length)) {
      if (command) this.repeats.delete(repeatKey(command.context));
    }
    for (const [key, state] of writes.states) this.cache.set(key, state);
    this.timersLeft = made.timersLeft;
    if (made.ground && !made.timersLeft) this.clock.fired(made.ground, timersMax);
    this.clock.set(made.result.timers);
    this.tries.settle(made.taken);
    this.publication.committed(nextSeq - 1n);
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

  private isAlone([first]: readonly QueuedCommand<Command>[]): boolean {
    return first !== undefined && this.tries.isAlone(first.record.offset);
  }

  private timersMaxBeside(front: readonly QueuedCommand<Command>[]): number {
    if (!this.clock.isDue || this.isAlone(front)) return 0;
    return this.tries.timersAlone ? 1 : this.parts.bounds.timersMax;
  }

  private writesOf({ result, settled }: MadeTurn<Command>): Writes {
    const { claim, parts, publication } = this;
    const { aggregate, bounds, logger } = parts;
    const streams = streamWrites(aggregate, result.changed.values(), bounds.snapshotEvery, (stream, error) => {
      logger.error('A state cannot be kept as a snapshot', { stream: `${stream.kind}-${stream.id}`, error });
    });
    const keys = [...result.changed.keys()];
    return {
      ...{ records: result.records, outcomes: result.outcomes, timers: result.timers, streams },
      nextCommandOffset: settled.at(-1)?.nextOffset ?? claim.nextCommandOffset,
      nextSeq: claim.nextSeq + BigInt(result.records.length),
      publishedSeq: publication.seq,
      publishedOffset: publication.offset,
      states: new Map(streams.map((state, index) => [keys[index] ?? '', state])),
    };
  }

  /**
   * False where the turn has to be made anew: commands in it were decided before, or what it holds is at fault and is tried
   * one by one from now on.
   */
  private async commit(made: MadeTurn<Command>, writes: Writes): Promise<boolean> {
    const { claim, parts } = this;
    const { kind, partition } = claim;
    try {
      const committed = await parts.statements.commit(claim, writes);
      if (committed.kind === 'fenced') throw new PartitionFencedError(kind, partition);
      parts.metrics.turns.inc({ kind, result: committed.kind });
      if (committed.kind === 'repeats') this.leaveOut(committed, writes);
      return committed.kind === 'committed';
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

  private leaveOut({ places }: Extract<Committed, { kind: 'repeats' }>, { outcomes }: Writes): void {
    for (const place of places) {
      const outcome = outcomes[place];
      if (outcome) this.repeats.add(repeatKey({ tenantId: outcome.tenantId, id: outcome.commandId }));
    }
  }

  private count({ command, error }: Fault<Command>): void {
    const { kind, partition } = this.claim;
    this.parts.metrics.faults.inc({ kind });
    const attempts = this.tries.fail(command, error);
    const fields = { kind, partition, command_id: command.context.id, attempts, error };
    this.parts.logger.error('A command could not be decided', fields);
  }

  private async settle(): Promise<void> {
    const { seq: publishedSeq, offset: publishedOffset } = this.publication;
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
