import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterTopic } from '@chorda/contracts';
import type { Answers } from '@chorda/client';
import { listDeadLetters, redrive, type DeadLetter, type KafkaDriver } from '@chorda/messaging';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { withKafka } from '../command-line/kafka.js';
import { letterJson, letterOfGateway, type ShownLetter } from './letter-json.js';

export interface LetterStoreOptions {
  /** At the brokers: letters of every tenant, and those that no tenant is known of. */
  readonly brokers?: boolean;
}

export interface LetterQuery {
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
  readonly reason?: string | undefined;
  readonly limit?: number | undefined;
  readonly includeRedriven: boolean;
}

export interface LetterPlace {
  readonly topic: string;
  readonly group: string;
  readonly partition: number;
  readonly offset: number;
}

export interface WholeLetter extends ShownLetter {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly value: { readonly bytes: number; readonly base64: string; readonly text: string } | null;
}

/** Where dead letters are looked at and sent through again. */
export interface LetterStore {
  list(query: LetterQuery): Promise<readonly ShownLetter[]>;
  show(place: LetterPlace): Promise<WholeLetter>;
  /** Those alone, at most `perSecondMax` a second. @returns Those that were sent. */
  redrive(letters: readonly ShownLetter[], perSecondMax: number): Promise<readonly ShownLetter[]>;
}

/** At the gateway, which shows those of the own tenant and needs no access to Kafka; with `--brokers` there. */
export function withLetters<Result>(
  context: CommandContext,
  { brokers }: LetterStoreOptions,
  work: (store: LetterStore) => Promise<Result>,
): Promise<Result> {
  if (brokers !== true) return work(atGateway(context));
  return withKafka(context.environment, (driver) => work(atBrokers(driver, context)));
}

const itemsMax = 500;

function atGateway({ environment, output, signal }: CommandContext): LetterStore {
  const { deadLetters } = gatewayClient(environment);
  return {
    async list({ topic, group, reason, limit = Number.POSITIVE_INFINITY, includeRedriven }) {
      const wanted = { source_topic: topic, consumer_group: group, reason };
      const where = Object.fromEntries(
        Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
      const letters: ShownLetter[] = [];
      for await (const page of deadLetters.list({ where, signal }).pages()) {
        for (const letter of page.items) {
          if (includeRedriven || letter.redriven_at === null) letters.push(letterOfGateway(letter));
          if (letters.length >= limit) return letters;
        }
        for (const { detail } of page.incomplete) output.note(`Some may be missing: ${detail}`);
      }
      return letters;
    },
    async show({ topic, group, partition, offset }) {
      const place = { topic: deadLetterTopic(topic, group), partition, offset: String(offset) };
      return wholeOfGateway(await deadLetters.get(place));
    },
    async redrive(letters, perSecondMax) {
      const sent: ShownLetter[] = [];
      const size = Math.min(itemsMax, perSecondMax);
      for (let from = 0; from < letters.length; from += size) {
        if (from > 0) await sleep((size / perSecondMax) * 1_000, undefined, { signal });
        const part = letters.slice(from, from + size);
        const { items } = await deadLetters.redrive({ items: part.map(placeOf) }, { signal });
        const done = new Set(items.filter(({ status }) => status === 'sent').map(keyOfPlace));
        sent.push(...part.filter((letter) => done.has(keyOfPlace(placeOf(letter)))));
      }
      return sent;
    },
  };
}

function atBrokers(driver: KafkaDriver, { signal }: CommandContext): LetterStore {
  const read = (query: LetterQuery) => {
    const { topic, group, limit, includeRedriven } = query;
    return listDeadLetters(driver, {
      includeRedriven,
      ...(limit === undefined ? {} : { limit }),
      ...(topic === undefined ? {} : { topic }),
      ...(group === undefined ? {} : { group }),
    });
  };
  return {
    list: async (query) =>
      (await read(query)).filter(({ reason }) => reason === (query.reason ?? reason)).map(letterJson),
    async show({ topic, group, partition, offset }) {
      const letters = await read({ topic, group, includeRedriven: true });
      const letter = letters.find(({ place }) => place.partition === partition && place.offset === BigInt(offset));
      if (letter !== undefined) return wholeOfBrokers(letter);
      const next = `\`chorda dead-letters list --brokers -t ${topic} -g ${group} --each\` shows the places of those that there are.`;
      throw new CommandFailure(exitCodes.notFound, `There is no dead letter at ${partition}/${offset}`, next);
    },
    async redrive(letters, perSecondMax) {
      const [first] = letters;
      if (first === undefined) return [];
      const { topic, group } = first;
      const places = letters.map((letter) => ({
        partition: letter.dead_letter_partition,
        offset: BigInt(letter.dead_letter_offset),
      }));
      const receipts = await redrive(driver, { topic, group, places, recordsPerSecondMax: perSecondMax, signal });
      return receipts.flatMap(({ letter, sentTo }) => (sentTo === undefined ? [] : [letterJson(letter)]));
    },
  };
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

function placeOf({ topic, group, dead_letter_partition: partition, dead_letter_offset: offset }: ShownLetter): Place {
  return { topic: deadLetterTopic(topic, group), partition, offset: String(offset) };
}

function keyOfPlace({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}/${offset}`;
}

function wholeOfBrokers(letter: DeadLetter): WholeLetter {
  return { ...letterJson(letter), headers: headersJson(letter), value: valueJson(letter.record.value) };
}

function wholeOfGateway(letter: Answers.DeadLetterWhole): WholeLetter {
  const value = letter.value_base64 ?? null;
  return {
    ...letterOfGateway(letter),
    headers: letter.headers ?? {},
    value: value === null ? null : valueJson(Buffer.from(value, 'base64')),
  };
}

function headersJson({ record }: DeadLetter): Readonly<Record<string, unknown>> {
  const entries = Object.entries(record.headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [[name, Buffer.isBuffer(value) ? value.toString('utf8') : value.map((each) => each.toString('utf8'))]];
  });
  return Object.fromEntries(entries);
}

/** The bytes as they were, and what of them can be read: why a record did not decode is seen in its bytes. */
function valueJson(value: Buffer | null): WholeLetter['value'] {
  if (value === null) return null;
  return {
    bytes: value.length,
    base64: value.toString('base64'),
    text: value.toString('latin1').replaceAll(/[^ -~]+/g, '·'),
  };
}
