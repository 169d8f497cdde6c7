import { deadLetterTopic, retryTopic } from '@chorda/contracts';
import type { ConsumerOptions } from '../consumer-contract.js';

/**
 * What a group reads: its topics, the tiers where records wait for another try, and for each topic the lane by which a
 * redrive comes back to this group alone.
 */
export interface Lane {
  readonly kind: 'source' | 'retry' | 'redrive';
  readonly topic: string;
  /** The topic that its records first stood in. */
  readonly source: string;
  readonly delayMs: number;
}

/** Where redriven dead letters of `topic` come back to `group`: the retry tier without delay. */
export function redriveTopic(topic: string, group: string): string {
  return `${topic}.${group}.retry.0s`;
}

export function lanesOf({ group, topics, retry }: ConsumerOptions): ReadonlyMap<string, Lane> {
  const lanes = topics.flatMap((source): Lane[] => [
    { kind: 'source', topic: source, source, delayMs: 0 },
    ...(retry?.delaysMs ?? []).map((delayMs): Lane => {
      return { kind: 'retry', topic: retryTopic(source, group, delayMs), source, delayMs };
    }),
    { kind: 'redrive', topic: redriveTopic(source, group), source, delayMs: 0 },
  ]);
  return new Map(lanes.map((lane) => [lane.topic, lane]));
}

/** Topics that exist for this group alone, which it makes for itself. */
export function ownTopicsOf(options: ConsumerOptions): readonly string[] {
  const lanes = [...lanesOf(options).values()].filter(({ kind }) => kind !== 'source').map(({ topic }) => topic);
  return [...lanes, ...options.topics.map((topic) => deadLetterTopic(topic, options.group))];
}

/** The smallest tier that waits long enough, else the longest. */
export function tierFor(delaysMs: readonly number[], afterMs: number): number {
  const sorted = [...delaysMs].sort((a, b) => a - b);
  return sorted.find((delayMs) => delayMs >= afterMs) ?? sorted.at(-1) ?? 0;
}
