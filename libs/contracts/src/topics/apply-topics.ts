import { BackboneError } from '@chorda/kernel';
import { fixedTopics, knownTopic, topicConfig, type CatalogueTopic } from './catalogue.js';

/** What `applyTopics` needs of Kafka; `KafkaAdmin` of `@chorda/messaging` has it. Names are without prefix. */
export interface TopicAdmin {
  listTopics(): Promise<readonly string[]>;
  describeTopics(names: readonly string[]): Promise<readonly TopicFacts[]>;
  createTopics(
    specs: readonly {
      readonly name: string;
      readonly partitions: number;
      readonly replicationFactor: number;
      readonly config: Readonly<Record<string, string>>;
    }[],
  ): Promise<void>;
  alterTopicConfig(name: string, config: Readonly<Record<string, string>>): Promise<void>;
}

export interface TopicFacts {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface TopicOutcome {
  readonly name: string;
  readonly outcome: 'created' | 'corrected' | 'right';
  /** Settings that were otherwise, as `name: from -> to`. */
  readonly changes: readonly string[];
}

/** A topic that has another number of partitions than the catalogue: nothing was changed anywhere. */
export class PartitionCountError extends BackboneError {
  readonly code = 'PARTITION_COUNT_DIFFERS';
  readonly retriable = false;

  constructor(
    readonly topics: readonly { readonly name: string; readonly expected: number; readonly actual: number }[],
  ) {
    const list = topics.map(({ name, expected, actual }) => `${name} has ${actual}, not ${expected}`).join('; ');
    super(
      `Partition counts differ from the catalogue: ${list}. Keys would move to other partitions: copy the topic to a ` +
        `new one of the right size instead, or delete it if nothing in it is needed`,
    );
  }
}

/** Lets the broker's `default.replication.factor` decide. */
const brokerDefault = -1;

export interface ApplyTopicsOptions {
  /** Left out: every topic of the catalogue that has a fixed name. */
  readonly names?: readonly string[];
  /** Of topics that are made. Default: the broker's `default.replication.factor`. */
  readonly replicationFactor?: number;
  /** Finds what differs and changes nothing. */
  readonly dryRun?: boolean;
}

/**
 * Makes the topics that are missing and corrects settings that differ; running it again changes nothing.
 *
 * @throws {@link PartitionCountError} before anything is changed.
 */
export async function applyTopics(
  admin: TopicAdmin,
  options: ApplyTopicsOptions = {},
): Promise<readonly TopicOutcome[]> {
  const wanted = options.names?.map((name) => ({ ...knownTopic(name), name })) ?? fixedTopics;
  const there = new Set(await admin.listTopics());
  const present = wanted.filter((topic) => there.has(topic.name));
  const missing = wanted.filter((topic) => !there.has(topic.name));
  refuseOtherCounts(present, await describe(admin, present));
  if (missing.length > 0 && !options.dryRun) await create(admin, missing, options.replicationFactor ?? brokerDefault);

  // Described anew, since only now it is known how often the broker replicates what was made.
  const facts = await describe(admin, options.dryRun ? present : wanted);
  const outcomes: TopicOutcome[] = [];
  for (const topic of wanted) {
    const state = facts.get(topic.name);
    const changes = state ? await correct(admin, topic, state, options.dryRun ?? false) : [];
    const outcome = missing.includes(topic) ? 'created' : changes.length > 0 ? 'corrected' : 'right';
    outcomes.push({ name: topic.name, outcome, changes });
  }
  return outcomes;
}

async function create(admin: TopicAdmin, topics: readonly CatalogueTopic[], replicationFactor: number): Promise<void> {
  await admin.createTopics(
    topics.map((topic) => ({
      name: topic.name,
      partitions: topic.partitions,
      replicationFactor,
      config: topicConfig(topic, replicationFactor),
    })),
  );
}

async function correct(
  admin: TopicAdmin,
  topic: CatalogueTopic,
  state: TopicFacts,
  dryRun: boolean,
): Promise<readonly string[]> {
  const wrong = Object.entries(topicConfig(topic, state.replicationFactor)).filter(
    ([name, value]) => state.config[name] !== value,
  );
  if (wrong.length > 0 && !dryRun) await admin.alterTopicConfig(topic.name, Object.fromEntries(wrong));
  return wrong.map(([name, value]) => `${name}: ${state.config[name] ?? 'unset'} -> ${value}`);
}

function refuseOtherCounts(topics: readonly CatalogueTopic[], facts: ReadonlyMap<string, TopicFacts>): void {
  const wrong = topics.flatMap(({ name, partitions }) => {
    const actual = facts.get(name)?.partitions ?? partitions;
    return actual === partitions ? [] : [{ name, expected: partitions, actual }];
  });
  if (wrong.length > 0) throw new PartitionCountError(wrong);
}

async function describe(
  admin: TopicAdmin,
  topics: readonly CatalogueTopic[],
): Promise<ReadonlyMap<string, TopicFacts>> {
  if (topics.length === 0) return new Map();
  const facts = await admin.describeTopics(topics.map((topic) => topic.name));
  return new Map(facts.map((fact) => [fact.name, fact]));
}
