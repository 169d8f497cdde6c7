import { allEventTypes, topicsOf } from '../catalogue.js';
import type { EventType } from '../event-type.js';
import { eventTypes } from '../generated/event-types.js';
import { currentSchemas } from '../generated/schemas.js';
import type { AvroJson } from '../schema/avro.js';

/** A current schema under the name that the registry keeps its versions by. */
export interface CurrentSubject {
  readonly subject: string;
  /** Without prefix. */
  readonly topic: string;
  readonly type: EventType;
  readonly avro: AvroJson;
}

/** TopicRecordNameStrategy: each type of a topic evolves alone, and its compatibility ends at the topic. */
export function subjectName(topicPrefix: string, topic: string, record: string): string {
  return `${topicPrefix}${topic}-${record}`;
}

/** @param types Left out: those of this build. */
export function currentSubjects(
  topicPrefix: string,
  types: readonly EventType[] = allEventTypes,
): readonly CurrentSubject[] {
  return types.flatMap((type) => {
    const avro: AvroJson = JSON.parse(currentSchemas[type]);
    return topicsOf(type).map((topic) => ({
      subject: subjectName(topicPrefix, topic, eventTypes[type].record),
      topic,
      type,
      avro,
    }));
  });
}
