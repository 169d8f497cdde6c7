import type { Answers } from '@chorda/client';
import type { DeadLetter } from '@chorda/messaging';

/** A dead letter without its bytes, wherever it was read. */
export interface ShownLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string | bigint;
  readonly group: string;
  readonly stage: string;
  readonly reason: string;
  readonly error_class: string;
  readonly error_message: string;
  readonly attempts: number;
  readonly first_at: string | null;
  readonly at: string;
  readonly redriven_at: string | null;
  readonly key: string | null;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly dead_letter_partition: number;
  readonly dead_letter_offset: string | bigint;
}

export function letterJson(letter: DeadLetter): ShownLetter {
  return {
    topic: letter.origin.topic,
    partition: letter.origin.partition,
    offset: letter.origin.offset,
    group: letter.group,
    stage: letter.stage,
    reason: letter.reason,
    error_class: letter.errorClass,
    error_message: letter.errorMessage,
    attempts: letter.attempts,
    first_at: letter.firstAt,
    at: letter.at,
    redriven_at: letter.redrivenAt ?? null,
    key: letter.key ?? null,
    event_id: letter.eventId ?? null,
    event_type: letter.eventType ?? null,
    dead_letter_partition: letter.place.partition,
    dead_letter_offset: letter.place.offset,
  };
}

/** The gateway names the place of the letter first, and that of the record `source_`. */
export function letterOfGateway(letter: Answers.DeadLetter): ShownLetter {
  return {
    topic: letter.source_topic,
    partition: letter.source_partition,
    offset: letter.source_offset,
    group: letter.consumer_group,
    stage: letter.stage,
    reason: letter.reason,
    error_class: letter.error_class,
    error_message: letter.error_message,
    attempts: letter.attempts,
    first_at: letter.first_at,
    at: letter.record_time,
    redriven_at: letter.redriven_at,
    key: letter.key,
    event_id: letter.event_id,
    event_type: letter.event_type,
    dead_letter_partition: letter.partition,
    dead_letter_offset: letter.offset,
  };
}
