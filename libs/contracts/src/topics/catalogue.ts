import { InvalidInputError } from '@chorda/kernel';

const day = 86_400_000;
const hour = 3_600_000;

/** Largest value that a record may have, before framing: 1 MiB of Avro. */
export const eventBytesMax = 1_048_576;

/** What a broker takes: room for headers and for a key beside `eventBytesMax`. */
const messageBytesMax = 2 * eventBytesMax;

export interface CatalogueTopic {
  /** Without `CHORDA_TOPIC_PREFIX`. A `<word>` stands for any name: such topics are made when they are needed. */
  readonly name: string;
  /** What the record key is made of. */
  readonly key: string;
  /** Never changed once the topic exists: keys would move to other partitions. */
  readonly partitions: number;
  readonly retentionMs: number | 'forever';
  /**
   * Only producers of ours write to it, and it is read within moments: batches stay as they were sent, the small ones
   * plain. To encode each anew took the broker a third of its processor time where batches held four commands, and saves
   * space for days at most; outcomes of requests to models come one or two to a batch, which compress badly, and batches
   * of 8 KiB are compressed by who sends them. Default no: who else writes there may use a codec that Node does not have.
   */
  readonly keepsBatches?: true;
}

/** Every topic of Chorda. What is not here, no part of Chorda writes to. */
export const topicCatalogue: readonly CatalogueTopic[] = [
  { name: 'agent.commands', key: 'tenant/agent', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'workflow.commands', key: 'tenant/run', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'schedule.commands', key: 'tenant/schedule', partitions: 3, retentionMs: 7 * day, keepsBatches: true },
  { name: 'agent.events', key: 'tenant/agent', partitions: 12, retentionMs: 'forever' },
  { name: 'workflow.events', key: 'tenant/run', partitions: 12, retentionMs: 'forever' },
  { name: 'schedule.events', key: 'tenant/schedule', partitions: 3, retentionMs: 'forever' },
  { name: 'system.events', key: 'tenant/service', partitions: 3, retentionMs: 30 * day },
  { name: 'external.<type>', key: 'tenant/subject', partitions: 3, retentionMs: 90 * day },
  { name: 'external.api_response', key: 'tenant/subject', partitions: 3, retentionMs: 90 * day },
  { name: 'external.schedule_trigger', key: 'tenant/subject', partitions: 3, retentionMs: 90 * day },
  { name: 'external.webhook', key: 'tenant/subject', partitions: 3, retentionMs: 90 * day },
  { name: 'audit.events', key: 'tenant/actor', partitions: 3, retentionMs: 'forever' },
  { name: 'agent.work.models', key: 'tenant/agent', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'agent.work.tools', key: 'tenant/agent', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'agent.work.workers', key: 'tenant/agent', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'agent.work.<queue>', key: 'tenant/agent', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'workflow.work.steps', key: 'tenant/run', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'workflow.work.workers', key: 'tenant/run', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'workflow.work.<queue>', key: 'tenant/run', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'work.results.<tenant>', key: 'tenant/subject', partitions: 3, retentionMs: 7 * day },
  { name: 'ingress.<tenant>', key: 'tenant/subject', partitions: 3, retentionMs: 7 * day },
  { name: 'inference.requests.high', key: 'tenant/session', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  {
    name: 'inference.requests.normal',
    key: 'tenant/session',
    partitions: 12,
    retentionMs: 7 * day,
    keepsBatches: true,
  },
  { name: 'inference.requests.low', key: 'tenant/session', partitions: 12, retentionMs: 7 * day, keepsBatches: true },
  { name: 'inference.control', key: 'tenant/request', partitions: 3, retentionMs: day, keepsBatches: true },
  { name: 'inference.events', key: 'tenant/request', partitions: 12, retentionMs: 90 * day, keepsBatches: true },
  { name: 'inference.tokens', key: 'tenant/request', partitions: 12, retentionMs: hour, keepsBatches: true },
  { name: '<topic>.<group>.retry.<delay>', key: 'as source', partitions: 3, retentionMs: 7 * day },
  { name: '<topic>.<group>.dead-letter', key: 'as source', partitions: 3, retentionMs: 30 * day },
];

/** The topics that are made before anything starts: those with a name of their own. */
export const fixedTopics: readonly CatalogueTopic[] = topicCatalogue.filter((topic) => !topic.name.includes('<'));

/** Where what `group` could not do with records of `topic` waits for a person. */
export function deadLetterTopic(topic: string, group: string): string {
  return `${topic}.${group}.dead-letter`;
}

/** Where records of `topic` wait `delayMs` before `group` tries them again; a topic a delay keeps their order of due. */
export function retryTopic(topic: string, group: string, delayMs: number): string {
  return `${topic}.${group}.retry.${delayText(delayMs)}`;
}

/** The entry that a topic falls under, by its name or by a pattern; the suffix decides first. */
export function catalogueTopic(name: string): CatalogueTopic | undefined {
  return topics.get(name) ?? patterns.find(({ pattern }) => pattern.test(name))?.topic;
}

/** @throws {@link InvalidInputError} for a topic that the catalogue does not know. */
export function partitionCountOf(topic: string): number {
  return knownTopic(topic).partitions;
}

/** How the catalogue wants a topic's settings; values as Kafka writes them. */
export function topicConfig(topic: CatalogueTopic, replicationFactor: number): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'delete',
    // The broker encodes anew what came otherwise, so that readers meet one codec.
    'compression.type': topic.keepsBatches ? 'producer' : 'zstd',
    'max.message.bytes': String(messageBytesMax),
    'retention.ms': topic.retentionMs === 'forever' ? '-1' : String(topic.retentionMs),
    // Left to the broker its size limit could end "for ever" early.
    'retention.bytes': '-1',
    ...(replicationFactor >= 3 ? { 'min.insync.replicas': '2' } : {}),
  };
}

/** @throws {@link InvalidInputError} for a topic that the catalogue does not know. */
export function knownTopic(name: string): CatalogueTopic {
  const topic = catalogueTopic(name);
  if (topic) return topic;
  throw new InvalidInputError(`Topic ${JSON.stringify(name)}`, [
    { pointer: '', detail: 'is not in the topic catalogue' },
  ]);
}

const topics = new Map(fixedTopics.map((topic) => [topic.name, topic]));

// The longest suffix first: an external topic's dead letters are dead letters.
const patterns = topicCatalogue
  .filter((topic) => topic.name.includes('<'))
  .toReversed()
  .map((topic) => ({ topic, pattern: patternOf(topic.name) }));

function patternOf(name: string): RegExp {
  const parts = name.split(/<[a-z]+>/).map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('[A-Za-z0-9._-]+')}$`);
}

function delayText(delayMs: number): string {
  if (!Number.isSafeInteger(delayMs) || delayMs <= 0) {
    throw new InvalidInputError('Retry delay', [{ pointer: '', detail: 'must be a whole number of milliseconds' }]);
  }
  const units = [
    ['h', hour],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  const unit = units.find(([, unitMs]) => delayMs % unitMs === 0);
  return unit ? `${delayMs / unit[1]}${unit[0]}` : `${delayMs}ms`;
}
