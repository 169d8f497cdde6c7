import { InvalidInputError } from '@chorda/kernel';

/** A record's own place in the log. */
export interface PositionPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** Places that one position may hold: a batch of 100 items touches no more partitions than there are. */
const placesMax = 1024;
const textLengthMax = 64 * 1024;
const offsetMax = 2n ** 63n - 1n;
const topicPattern = /^[A-Za-z0-9._-]{1,249}$/;

/**
 * The opaque text of these places, the furthest of each partition alone. Equal places give equal text whatever their
 * order, so positions can be compared as text for equality and for nothing else.
 */
export function encodePosition(places: readonly PositionPlace[]): string {
  // What every single write answers with: the same text without sorting one place.
  const [only] = places;
  if (only !== undefined && places.length === 1) {
    return textOf([`${only.topic}:${only.partition}.${only.offset.toString(36)}`]);
  }
  const furthest = new Map<string, PositionPlace>();
  for (const place of places) {
    const key = `${place.topic}/${place.partition}`;
    const known = furthest.get(key);
    if (!known || known.offset < place.offset) furthest.set(key, place);
  }
  const byTopic = new Map<string, (readonly [number, string])[]>();
  for (const { topic, partition, offset } of furthest.values()) {
    const list = byTopic.get(topic) ?? [];
    list.push([partition, offset.toString(36)]);
    byTopic.set(topic, list);
  }
  const body = [...byTopic]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([topic, list]) =>
        `${topic}:${list
          .sort(([a], [b]) => a - b)
          .map((pair) => pair.join('.'))
          .join(',')}`,
    );
  return textOf(body);
}

function textOf(topics: readonly string[]): string {
  return Buffer.from(`1;${topics.join(';')}`, 'latin1').toString('base64url');
}

/** @throws {@link InvalidInputError} for a text that `encodePosition` did not make. */
export function decodePosition(text: string): readonly PositionPlace[] {
  if (text.length > textLengthMax) throw notAPosition();
  const [version, ...topics] = Buffer.from(text, 'base64url').toString('latin1').split(';');
  if (version !== '1') throw notAPosition();
  const places = topics.filter((part) => part !== '').flatMap(placesOfTopic);
  // A cut or altered text must not pass as a smaller position: a query that waits for it would answer too early.
  if (places.length > placesMax || encodePosition(places) !== text) throw notAPosition();
  return places;
}

function placesOfTopic(part: string): readonly PositionPlace[] {
  const [topic = '', list = '', ...rest] = part.split(':');
  if (!topicPattern.test(topic) || rest.length > 0) throw notAPosition();
  return list.split(',').map((pair) => {
    const match = /^(0|[1-9]\d{0,5})\.(0|[1-9a-z][0-9a-z]{0,12})$/.exec(pair);
    if (!match?.[1] || !match[2]) throw notAPosition();
    const offset = fromBase36(match[2]);
    if (offset > offsetMax) throw notAPosition();
    return { topic, partition: Number(match[1]), offset };
  });
}

function fromBase36(text: string): bigint {
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(parseInt(digit, 36));
  return value;
}

function notAPosition(): InvalidInputError {
  return new InvalidInputError('Position', [{ pointer: '', detail: 'must be a position that Chorda answered with' }]);
}
