import type { EventSchema, MessageKind } from './schema/event-schema.js';

/** What lies on a topic: an event, a command, work or a delta, by its type. */
export interface Message {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is known of a type at run time. */
export interface MessageInfo {
  readonly type: string;
  /** Full name of the Avro record, `workflow.StepCompleted`. */
  readonly record: string;
  readonly kind: MessageKind;
  /** Without prefix. `{field}` stands for the value of that field; `messageTopic` fills it in. */
  readonly topic: string;
  /** Of a decision: the request to use instead of sending it; of a command: the request that gives it. */
  readonly command?: string;
  /** The first of these payload fields that is not null is the subject; all null: the sender chooses it. */
  readonly subject: readonly string[];
  /** Lower case hex SHA-256 of the canonical schema. */
  readonly schemaFingerprint: string;
  /** `urn:chorda:schema:<record>:<fingerprint>`. */
  readonly dataSchema: string;
  readonly doc: string;
}

export interface ReleasedVersion {
  readonly type: string;
  readonly version: number;
  readonly avro: string;
}

/** The types that a codec reads and writes. Events, commands, work and deltas are catalogues of their own: none is taken for another. */
export interface TypeCatalogue {
  /** By type. The table of events grows by what other teams register. */
  readonly infos: Readonly<Record<string, MessageInfo>>;
  /** Avro schemas as JSON text, by type. */
  readonly schemas: Readonly<Record<string, string>>;
  readonly released: readonly ReleasedVersion[];
  /** The schema of a type, understood; read once. */
  schemaOf(type: string): EventSchema;
}

export function findInfo({ infos }: TypeCatalogue, type: string): MessageInfo | undefined {
  return Object.hasOwn(infos, type) ? infos[type] : undefined;
}

/** The info of a type that the catalogue has. @throws TypeError for one that it has not. */
export function infoOf(catalogue: TypeCatalogue, type: string): MessageInfo {
  const info = findInfo(catalogue, type);
  if (info === undefined) throw new TypeError(`${type} is not in the catalogue`);
  return info;
}

/** The topic that a message is written to; `{field}` in its name is filled in from the payload. */
export function messageTopic({ topic }: MessageInfo, data: Message['data']): string {
  if (!topic.includes('{')) return topic;
  return topic.replace(/\{([a-z_]+)\}/, (_, field: string) => {
    const value = data[field];
    // A later version may know more of them: what it sent is served as the ordinary kind.
    return value === undefined || value === 'unknown' ? (ordinary[field] ?? 'normal') : String(value);
  });
}

const ordinary: Readonly<Record<string, string>> = { queue: 'tools' };

/** Every topic that messages of the type are written to. */
export function messageTopics(catalogue: TypeCatalogue, type: string): readonly string[] {
  const { topic } = infoOf(catalogue, type);
  const field = /\{([a-z_]+)\}/.exec(topic)?.[1];
  if (field === undefined) return [topic];
  const shape = catalogue.schemaOf(type).shape.fields.find(({ name }) => name === field);
  if (shape?.type.kind !== 'enum') throw new TypeError(`${type}: {${field}} of its topic is no enum field`);
  return shape.type.symbols
    .filter((symbol) => symbol !== 'unknown')
    .map((symbol) => topic.replace(`{${field}}`, symbol));
}

/** The subject that the payload names; undefined where it leaves it to the sender. */
export function messageSubject({ subject }: Pick<MessageInfo, 'subject'>, data: Message['data']): string | undefined {
  for (const name of subject) {
    const value = data[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}
