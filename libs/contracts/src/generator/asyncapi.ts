import type { JsonValue } from '@chorda/kernel';
import { isAvroObject, type AvroObject } from '../schema/avro.js';
import type { EventSchema } from '../schema/event-schema.js';
import { knownTopic, topicConfig } from '../topics/catalogue.js';

/** How many copies the document says; the broker decides in truth. */
const documentedReplicas = 3;
const kafkaBindingVersion = '0.5.0';

/** The log as AsyncAPI 3: a channel a topic, a message a type, the Avro schemas as they are. */
export function asyncApi(schemas: readonly EventSchema[]): JsonValue {
  const topics = new Map<string, EventSchema[]>();
  for (const schema of schemas) {
    for (const topic of topicsOf(schema)) topics.set(topic, [...(topics.get(topic) ?? []), schema]);
  }
  const sorted = [...topics].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Chorda events',
      version: '0.1.0',
      description:
        'Every event of the backbone, and the commands and the work that lead to events, as they lie on Kafka: CloudEvents 1.0 in binary mode, the value in the Confluent wire format. Topics show every tenant: they are for the services of the operator.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/avro',
    servers: { kafka: server },
    channels: Object.fromEntries(sorted.map(([topic, list]) => [channelId(topic), channel(topic, list)])),
    operations: Object.fromEntries(sorted.map(([topic]) => [`read_${channelId(topic)}`, operation(topic)])),
    components: {
      messages: Object.fromEntries(schemas.map((schema) => [schema.type, message(schema)])),
      schemas: { eventHeaders },
    },
  };
}

const server: JsonValue = {
  host: '{broker}',
  protocol: 'kafka',
  description: 'The brokers of the deployment.',
  variables: { broker: { default: '127.0.0.1:9092', description: 'Host and port of any broker.' } },
  bindings: {
    kafka: {
      schemaRegistryUrl: 'http://127.0.0.1:8080/apis/ccompat/v7',
      schemaRegistryVendor: 'apicurio',
      bindingVersion: kafkaBindingVersion,
    },
  },
};

const text = (description: string, extra: { readonly [key: string]: JsonValue } = {}): JsonValue => ({
  type: 'string',
  description,
  ...extra,
});

const counter = (description: string): JsonValue => text(description, { pattern: '^(0|[1-9][0-9]*)$' });

const eventHeaders: JsonValue = {
  type: 'object',
  required: [
    'content-type',
    'ce_specversion',
    'ce_id',
    'ce_type',
    'ce_source',
    'ce_time',
    'ce_subject',
    'ce_dataschema',
    'ce_tenantid',
    'ce_correlationid',
  ],
  properties: {
    'content-type': text('Always application/avro.', { const: 'application/avro' }),
    ce_specversion: text('CloudEvents version.', { const: '1.0' }),
    ce_id: text('The id that the sender gave, 1 to 256 bytes. One event is (ce_tenantid, ce_source, ce_id).'),
    ce_type: text('Type of the event.'),
    ce_source: text('URI reference of who says so.'),
    ce_time: text('When it happened.', { format: 'date-time' }),
    ce_subject: text('What it is about; the second part of the key.'),
    ce_dataschema: text('urn:chorda:schema:<record>:<sha256 of the canonical writer schema>.'),
    ce_tenantid: text('The tenant; the first part of the key.', { pattern: '^[a-z0-9-]{1,63}$' }),
    ce_correlationid: text('The first request of the chain.'),
    ce_causationid: text('The message that directly caused this one.'),
    ce_streamversion: counter('Decisions: counts the events of the aggregate without gaps, from 1.'),
    ce_stream: text('Decisions: the stream that the version counts; left out where the subject has one alone.'),
    ce_partitionseq: counter('Decisions: counts the events of the partition without gaps.'),
    ce_epoch: counter('Decisions: epoch of the partition owner.'),
    ce_commandid: text('Decisions: the command that was decided.'),
    ce_commandoffset: counter('Decisions: its offset on the command topic.'),
    ce_actor: text('Commands: id of the user, key or service that gave it.'),
    traceparent: text('W3C trace context.'),
    tracestate: text('W3C trace context.'),
  },
};

const eventKey: JsonValue = {
  type: 'string',
  description: '<tenant>/<subject> in UTF-8; partitioned by murmur2 as the Java client does.',
};

function channel(topic: string, schemas: readonly EventSchema[]): JsonValue {
  const entry = knownTopic(topic);
  const config = topicConfig(entry, documentedReplicas);
  return {
    address: topic,
    description: `Key ${entry.key}. Kept ${entry.retentionMs === 'forever' ? 'for ever' : `${entry.retentionMs / 86_400_000} days`}. CHORDA_TOPIC_PREFIX goes before the name.`,
    messages: Object.fromEntries(
      schemas.map((schema) => [schema.type, { $ref: `#/components/messages/${schema.type}` }]),
    ),
    bindings: {
      kafka: {
        topic,
        partitions: entry.partitions,
        replicas: documentedReplicas,
        topicConfiguration: {
          'cleanup.policy': [config['cleanup.policy'] ?? 'delete'],
          'retention.ms': Number(config['retention.ms']),
          'max.message.bytes': Number(config['max.message.bytes']),
        },
        bindingVersion: kafkaBindingVersion,
      },
    },
  };
}

function operation(topic: string): JsonValue {
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${channelId(topic)}` },
    summary: `Read ${topic}.`,
  };
}

function message(schema: EventSchema): JsonValue {
  return {
    name: schema.type,
    title: schema.record,
    summary: schema.shape.doc,
    contentType: 'application/avro',
    headers: { $ref: '#/components/schemas/eventHeaders' },
    payload: { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema: schema.avro },
    tags: [{ name: schema.area }, { name: schema.kind }],
    bindings: {
      kafka: {
        key: eventKey,
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: 'TopicRecordNameStrategy',
        bindingVersion: kafkaBindingVersion,
      },
    },
  };
}

/**
 * The document with more types, for those that were registered.
 *
 * @param document As {@link asyncApi} made it.
 */
export function withTypes(document: JsonValue, schemas: readonly EventSchema[]): JsonValue {
  if (schemas.length === 0 || !isAvroObject(document)) return document;
  const more = asyncApi(schemas);
  if (!isAvroObject(more)) return document;
  const merged = (key: string): JsonValue => ({ ...partOf(document, key), ...partOf(more, key) });
  const components = partOf(document, 'components');
  const messages = { ...partOf(components, 'messages'), ...partOf(partOf(more, 'components'), 'messages') };
  return {
    ...document,
    channels: merged('channels'),
    operations: merged('operations'),
    components: { ...components, messages },
  };
}

function partOf(object: AvroObject, key: string): AvroObject {
  const part = object[key];
  return isAvroObject(part) ? part : {};
}

/** The topics of a type, from its schema alone: the generator must not need what it generates. */
export function topicsOf(schema: EventSchema): readonly string[] {
  const field = /\{([a-z_]+)\}/.exec(schema.topic)?.[1];
  if (field === undefined) return [schema.topic];
  const type = schema.shape.fields.find(({ name }) => name === field)?.type;
  if (type?.kind !== 'enum') throw new TypeError(`${schema.type}: {${field}} of its topic is no enum field`);
  return type.symbols
    .filter((symbol) => symbol !== 'unknown')
    .map((symbol) => schema.topic.replace(`{${field}}`, symbol));
}

/** AsyncAPI ids may not hold every character that a topic may. */
function channelId(topic: string): string {
  return topic.replaceAll('.', '_');
}
