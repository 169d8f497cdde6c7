import { allEventTypes, eventCatalogue } from '../catalogue.js';
import {
  allCommandTypes,
  allDeltaTypes,
  allWorkTypes,
  commandCatalogue,
  deltaCatalogue,
  workCatalogue,
} from '../message-types.js';
import type { AvroJson } from '../schema/avro.js';
import { infoOf, messageTopics, type TypeCatalogue } from '../type-catalogue.js';

/** A current schema under the name that the registry keeps its versions by. */
export interface CurrentSubject {
  readonly subject: string;
  /** Without prefix. */
  readonly topic: string;
  readonly type: string;
  readonly avro: AvroJson;
}

/** TopicRecordNameStrategy: each type of a topic evolves alone, and its compatibility ends at the topic. */
export function subjectName(topicPrefix: string, topic: string, record: string): string {
  return `${topicPrefix}${topic}-${record}`;
}

/** Those of everything that this build writes. */
export function currentSubjects(topicPrefix: string): readonly CurrentSubject[] {
  return [
    ...subjectsOfTypes(eventCatalogue, topicPrefix, allEventTypes),
    ...subjectsOfTypes(commandCatalogue, topicPrefix, allCommandTypes),
    ...subjectsOfTypes(workCatalogue, topicPrefix, allWorkTypes),
    ...subjectsOfTypes(deltaCatalogue, topicPrefix, allDeltaTypes),
  ];
}

export function subjectsOfTypes(
  catalogue: TypeCatalogue,
  topicPrefix: string,
  types: readonly string[],
): readonly CurrentSubject[] {
  return types.flatMap((type) => {
    const { record } = infoOf(catalogue, type);
    const avro: AvroJson = JSON.parse(catalogue.schemas[type] ?? 'null');
    return messageTopics(catalogue, type).map((topic) => ({
      subject: subjectName(topicPrefix, topic, record),
      topic,
      type,
      avro,
    }));
  });
}
