import type { AnyWork, WorkCodec } from '@chorda/contracts';
import type { PublishedRecord } from '@chorda/decisions';
import { sleep, type Logger } from '@chorda/kernel';
import { crashPoint, isPlanted } from '@chorda/platform';
import type { NewWork } from '@chorda/read-models';
import type { Counter } from 'prom-client';
import { InboxFullError, type Inbox } from './work-intake.js';
import type { WorkKind } from './work-kind.js';

/** Records that wait or are under way; what comes beyond them comes from the log. */
const recordsMax = 5_000;
/** Of one statement. */
const takenMax = 500;
const triesMax = 3;
const againAfterMs = 200;
/** Ids of records that their topic has not brought yet. */
const knownMax = 20_000;

interface HandoverParts<Work extends AnyWork> {
  readonly kind: Pick<WorkKind<Work, Work, never>, 'topics' | 'endsWork' | 'read'> & { readonly crashPrefix: string };
  readonly inbox: Inbox;
  readonly codec: Pick<WorkCodec, 'decode'>;
  readonly logger: Logger;
  /** By how a record was left to the log. */
  readonly left?: Counter<'reason'> | undefined;
}

/**
 * Takes work into the inbox as soon as the engine of this process has published it, all partitions together. The log is
 * what counts: its consumer takes whatever was not handed over, because the process was killed, another one published it,
 * or there was no room, and passes by what was.
 *
 * What ends other work is left to the log: what it ends may have been left there too, and must be in the inbox first.
 */
export class WorkHandover<Work extends AnyWork> {
  private waiting: PublishedRecord[] = [];
  private readonly topics: ReadonlySet<string>;
  /** Taken, and to be passed by when the log brings them. */
  private readonly known = new Set<string>();
  /** Waiting, or being taken. */
  private readonly underWay = new Set<string>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private groupEnd: Promise<void> = Promise.resolve();

  constructor(private readonly parts: HandoverParts<Work>) {
    this.topics = new Set(parts.kind.topics);
  }

  give(records: readonly PublishedRecord[]): void {
    if (this.stopping.signal.aborted) return;
    for (const record of records) {
      if (!this.topics.has(record.topic) || this.parts.kind.endsWork.has(record.headers['ce_type'] ?? '')) continue;
      const id = idOf(record);
      if (id === undefined || this.underWay.size >= recordsMax) {
        this.parts.left?.inc({ reason: 'full' });
        continue;
      }
      this.underWay.add(id);
      this.waiting.push(record);
    }
    if (this.waiting.length > 0) this.running ??= this.run();
  }

  /** Which of these records the log need not bring any more; waits for those that are just being taken. */
  async passedBy(ids: readonly string[]): Promise<ReadonlySet<string>> {
    while (ids.some((id) => this.underWay.has(id))) await this.groupEnd;
    return new Set(ids.filter((id) => this.known.delete(id)));
  }

  /** What waits is left to the log. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (this.waiting.length > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.groupEnd = promise;
      // Partitions publish together: what one answer of the brokers ends goes in one statement.
      await new Promise((turn) => setImmediate(turn));
      const group = this.waiting.splice(0, takenMax);
      const isTaken = !signal.aborted && (await this.take(group));
      for (const record of group) {
        const id = idOf(record) ?? '';
        this.underWay.delete(id);
        if (isTaken || isPlanted('steps-untaken-passed-by')) this.keep(id);
      }
      if (!isTaken) this.parts.left?.inc({ reason: signal.aborted ? 'stopped' : 'failed' }, group.length);
      resolve();
    }
    this.running = undefined;
  }

  private async take(records: readonly PublishedRecord[]): Promise<boolean> {
    const { signal } = this.stopping;
    const { logger } = this.parts;
    for (let tries = 1; ; tries++) {
      try {
        await this.takeOnce(records);
        return true;
      } catch (error) {
        if (tries >= triesMax || signal.aborted || error instanceof InboxFullError) {
          logger.warn('Work that was published could not be handed over; the log brings it', { error });
          return false;
        }
        await sleep(againAfterMs, signal);
      }
    }
  }

  private async takeOnce(records: readonly PublishedRecord[]): Promise<void> {
    const { kind, inbox, codec } = this.parts;
    const items: NewWork[] = [];
    for (const record of records) {
      const { work, metadata } = codec.decode({ ...record, headers: buffersOf(record.headers) });
      // Its own kind publishes nothing else on its topics.
      const read = kind.read(record.topic, work as Work, metadata);
      if (read.kind !== 'asked') throw new TypeError(`${work.type} ends other work, and is not named among what does`);
      items.push(read.item);
    }
    crashPoint(`${kind.crashPrefix}-before-handover`);
    await inbox.take(items);
    crashPoint(`${kind.crashPrefix}-after-handover`);
  }

  private keep(id: string): void {
    this.known.add(id);
    if (this.known.size <= knownMax) return;
    // The log brings it once more, and the inbox knows it.
    for (const oldest of this.known) {
      this.known.delete(oldest);
      break;
    }
  }
}

function idOf({ headers }: PublishedRecord): string | undefined {
  return headers['ce_id'];
}

function buffersOf(headers: PublishedRecord['headers']): Readonly<Record<string, Buffer>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]));
}
