import { decodePosition } from '@chorda/contracts';
import { InvalidInputError } from '@chorda/kernel';

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
  ) {}

  static empty(): TailPosition {
    return new TailPosition(new Map(), true, undefined);
  }

  /** At this time at the earliest it was the end of the log; whole seconds. The journal may have dropped what is older. */
  get atMs(): number | undefined {
    return this.knownAtMs;
  }

  /** Nothing in the log before this time lies behind the position. */
  reachedAt(timeMs: number): void {
    this.knownAtMs = Math.floor(timeMs / 1000) * 1000;
  }

  copy(): TailPosition {
    const offsets = new Map([...this.offsets].map(([topic, each]) => [topic, [...each]]));
    return new TailPosition(offsets, this.isWhole, this.knownAtMs);
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
    const parts = ['t1', this.knownAtMs === undefined ? '-' : (this.knownAtMs / 1000).toString(36)];
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
    const [, seconds = '', ...parts] = text.split('~');
    if (text.length > 16_384 || parts.length % 2 !== 0) throw notAPosition();
    const offsets = new Map<string, (bigint | undefined)[]>();
    for (let at = 0; at < parts.length; at += 2) {
      const topic = parts[at] ?? '';
      if (!/^[\w.-]{1,249}$/.test(topic) || offsets.has(topic)) throw notAPosition();
      offsets.set(topic, (parts[at + 1] ?? '').split('.').map(parseOffset));
    }
    const at = parseOffset(seconds);
    return new TailPosition(offsets, true, at === undefined ? undefined : Number(at) * 1000);
  }

  private static ofWrite(text: string): TailPosition {
    const position = new TailPosition(new Map(), false, undefined);
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
