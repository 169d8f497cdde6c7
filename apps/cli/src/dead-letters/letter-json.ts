import type { DeadLetter } from '@chorda/messaging';

/** A dead letter without its bytes, named as the HTTP surface names things. */
export function letterJson(letter: DeadLetter) {
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
