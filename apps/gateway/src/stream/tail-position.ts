import { createHash } from 'node:crypto';
import { decodePosition } from '@chorda/contracts';
import { InvalidInputError } from '@chorda/kernel';

/** Tells logs apart that have topics of the same names: one that was deleted and made anew is another. */
export class LogIdentity {
  private readonly tags = new Map<string, string>();

  private readonly topicIds: Map<string, string>;

  /** @param topicIds Kafka's own ids by topic. */
  constructor(topicIds: ReadonlyMap<string, string>) {
    this.topicIds = new Map(topicIds);
  }

  /** Topics that were made since. Positions that do not name them mean what they meant. */
  learn(topicIds: ReadonlyMap<string, string>): void {
    for (const [topic, id] of topicIds) this.topicIds.set(topic, id);
    this.tags.clear();
  }

  /** The same for the same topics, in any order. */
  tagOf(topics: Iterable<string>): string {
    const names = [...topics].sort();
    const key = names.join('~');
    let tag = this.tags.get(key);
    if (tag === undefined) {
      const ids = names.map((name) => `${name}=${this.topicIds.get(name) ?? ''}`).join('~');
      tag = BigInt(`0x${createHash('sha256').update(ids).digest('hex').slice(0, 10)}`).toString(36);
      if (this.tags.size >= tagsMax) this.tags.clear();
      this.tags.set(key, tag);
    }
    return tag;
  }
}

const tagsMax = 100;

/**
 * How far a client of the tail has read: the next offset of every partition. Its text is the `id` of each event sent,
 * so it must be cheap to move by one record and to write: only the segment of the topic that moved is made anew.
 *
 * A text that we made names every partition in which anything was seen; a partition that it does not name was empty
 * then, so a resume starts there at 0. The position of a write names its own partitions alone; there a resume starts
 * behind that write, and everywhere else at the present.
 */
export class TailPosition {
  private readonly segments = new Map<string, string>();

  private constructor(
    private readonly offsets: Map<string, (bigint | undefined)[]>,
    /** Whether partitions that are not named were empty (true) or are to be taken from the present. */
    readonly isWhole: boolean,
    private knownAtMs: number | undefined,
    /** Of the log that it was made from, as the text says; undefined where it does not say. */
    private readonly tag: string | undefined,
    private log: LogIdentity | undefined,
  ) {}

  /** @param log What it is a position of; left out: its text does not say. */
  static empty(log?: LogIdentity): TailPosition {
    return new TailPosition(new Map(), true, undefined, undefined, log);
  }

  /** Whether it was made from another log than this: its offsets then mean nothing. */
  isOfOther(log: LogIdentity): boolean {
    return this.tag !== undefined && this.tag !== log.tagOf(this.offsets.keys());
  }

  /** At this time at the earliest it was the end of the log; whole seconds. The journal may have dropped what is older. */
  get atMs(): number | undefined {
    return this.knownAtMs;
  }

  /** Nothing in the log before this time lies behind the position. */
  reachedAt(timeMs: number): void {
    this.knownAtMs = Math.floor(timeMs / 1000) * 1000;
  }

  /** @param log Named by its text from here on. */
  copy(log = this.log): TailPosition {
    const offsets = new Map([...this.offsets].map(([topic, each]) => [topic, [...each]]));
    return new TailPosition(offsets, this.isWhole, this.knownAtMs, this.tag, log);
  }

  nextOffset(topic: string, partition: number): bigint | undefined {
    return this.offsets.get(topic)?.[partition];
  }

  moveTo(topic: string, partition: number, nextOffset: bigint): void {
    let offsets = this.offsets.get(topic);
    if (offsets === undefined) {
      offsets = [];
      this.offsets.set(topic, offsets);
    }
    offsets[partition] = nextOffset;
    this.segments.delete(topic);
  }

  places(): readonly { readonly topic: string; readonly partition: number; readonly nextOffset: bigint }[] {
    return [...this.offsets].flatMap(([topic, offsets]) =>
      offsets.flatMap((nextOffset, partition) => (nextOffset === undefined ? [] : [{ topic, partition, nextOffset }])),
    );
  }

  /** Letters, digits and `.-_~` alone, so it needs no encoding in a header or an address. */
  toString(): string {
    const seconds = this.knownAtMs === undefined ? '-' : (this.knownAtMs / 1000).toString(36);
    const tag = this.log?.tagOf(this.offsets.keys());
    const parts = ['t1', tag === undefined ? seconds : `${seconds}.${tag}`];
    for (const [topic, offsets] of this.offsets) {
      let segment = this.segments.get(topic);
      if (segment === undefined) {
        segment = `${topic}~${Array.from(offsets, (offset) => offset?.toString(36) ?? '-').join('.')}`;
        this.segments.set(topic, segment);
      }
      parts.push(segment);
    }
    return parts.join('~');
  }

  /** @throws {@link InvalidInputError} for a text that is neither an id of the tail nor the position of a write. */
  static parse(text: string): TailPosition {
    if (!text.startsWith('t1~')) return TailPosition.ofWrite(text);
    const [, when = '', ...parts] = text.split('~');
    const [seconds = '', tag, ...rest] = when.split('.');
    if (rest.length > 0 || (tag !== undefined && !/^[0-9a-z]{1,12}$/.test(tag))) throw notAPosition();
    if (text.length > 16_384 || parts.length % 2 !== 0) throw notAPosition();
    const offsets = new Map<string, (bigint | undefined)[]>();
    for (let at = 0; at < parts.length; at += 2) {
      const topic = parts[at] ?? '';
      if (!/^[\w.-]{1,249}$/.test(topic) || offsets.has(topic)) throw notAPosition();
      offsets.set(topic, (parts[at + 1] ?? '').split('.').map(parseOffset));
    }
    const at = parseOffset(seconds);
    return new TailPosition(offsets, true, at === undefined ? undefined : Number(at) * 1000, tag, undefined);
  }

  /** Where each of these partitions is to be read from; every other one from the present. */
  static at(places: readonly { topic: string; partition: number; nextOffset: bigint }[]): TailPosition {
    const position = new TailPosition(new Map(), false, undefined, undefined, undefined);
    for (const { topic, partition, nextOffset } of places) position.moveTo(topic, partition, nextOffset);
    return position;
  }

  private static ofWrite(text: string): TailPosition {
    const position = new TailPosition(new Map(), false, undefined, undefined, undefined);
    for (const { topic, partition, offset } of decodePosition(text)) position.moveTo(topic, partition, offset + 1n);
    return position;
  }
}

function parseOffset(text: string): bigint | undefined {
  if (text === '-') return undefined;
  if (!/^[0-9a-z]{1,12}$/.test(text)) throw notAPosition();
  return BigInt(Number.parseInt(text, 36));
}

function notAPosition(): InvalidInputError {
  return new InvalidInputError('Last event id', [
    { pointer: '', detail: 'must be the id of an event of this stream, or the position that a write answered with' },
  ]);
}
