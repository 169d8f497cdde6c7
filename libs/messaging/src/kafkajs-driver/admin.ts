import { createRequire } from 'node:module';
import type { Admin, KafkaConfig } from 'kafkajs';
import { sleep, type Logger } from '@chorda/kernel';
import { BrokerUnavailableError, KafkaProtocolError, TopicMissingError } from '../errors.js';
import type { KafkaAdmin, KafkaConnection, RecordPlace, TopicSpec, TopicState } from '../port.js';
import type { Cluster } from './cluster.js';
import { toBackboneError } from './errors.js';
import { openSocket, saslOptions, tlsOptions } from './sockets.js';

// kafkajs is CommonJS; its names are not all visible to an ESM import.
const { Kafka, ConfigResourceTypes, logLevel }: typeof import('kafkajs') = createRequire(import.meta.url)('kafkajs');

const dynamicTopicConfig = 1;
const leaderPatienceMs = 30_000;
const undecidedPatienceMs = 5_000;

/** @param onClose Told by whoever closes it, the driver or its user. */
export async function connectAdmin(
  connection: KafkaConnection,
  cluster: Cluster,
  logger: Logger,
  onClose: (admin: KafkaAdmin) => void,
): Promise<KafkaAdmin> {
  const kafka = new Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    socketFactory: openSocket as NonNullable<KafkaConfig['socketFactory']>,
    ...(connection.ssl ? { ssl: tlsOptions(connection.ssl) ?? true } : {}),
    ...(connection.sasl ? { sasl: saslOptions(connection.sasl) as NonNullable<KafkaConfig['sasl']> } : {}),
    connectionTimeout: 5_000,
    requestTimeout: 15_000,
    retry: { retries: 3, initialRetryTime: 200 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ log }) =>
        logger.debug(`kafkajs: ${log.message}`),
  });
  const admin = kafka.admin();
  await asOurs('Connecting the admin client', () => admin.connect()).catch(async (error: unknown) => {
    // A connection that did not sign in stays open otherwise, and keeps the process.
    await admin.disconnect().catch(() => undefined);
    throw error;
  });
  return new KafkajsAdmin(admin, cluster, connection.topicPrefix, onClose);
}

/** What a cluster says while it is still making up its mind (a new topic, a leader that moved) is asked again for a while. */
async function asOurs<Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> {
  const deadlineMs = Date.now() + undecidedPatienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const failure = toBackboneError(error, what);
      if (!(failure instanceof KafkaProtocolError) || !failure.retriable || Date.now() > deadlineMs) throw failure;
    }
    await sleep(100);
  }
}

class KafkajsAdmin implements KafkaAdmin {
  constructor(
    private readonly admin: Admin,
    private readonly cluster: Cluster,
    private readonly prefix: string,
    private readonly onClose: (admin: KafkaAdmin) => void,
  ) {}

  async listTopics(): Promise<readonly string[]> {
    const names = await asOurs('Listing topics', () => this.admin.listTopics());
    return names.filter((name) => name.startsWith(this.prefix)).map((name) => this.bare(name));
  }

  async describeTopics(names: readonly string[]): Promise<readonly TopicState[]> {
    if (names.length === 0) return [];
    const { topics } = await this.cluster.refresh(names.map((name) => this.full(name)));
    const found = topics.filter(({ name, errorCode }) => errorCode === 0 && names.includes(this.bare(name)));
    if (found.length === 0) return [];
    const { resources } = await asOurs('Describing topics', () =>
      this.admin.describeConfigs({
        includeSynonyms: false,
        resources: found.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
      }),
    );
    return found.map(({ name, topicId, partitions }) => {
      const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
      const own = entries.filter((entry) => 'configSource' in entry && entry.configSource === dynamicTopicConfig);
      return {
        name: this.bare(name),
        topicId,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas ?? 0,
        config: Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])),
      };
    });
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return;
    // False where all exist already: making a topic twice is the same as making it once.
    await asOurs('Creating topics', () =>
      this.admin.createTopics({
        waitForLeaders: false,
        topics: specs.map((spec) => ({
          topic: this.full(spec.name),
          numPartitions: spec.partitions,
          replicationFactor: spec.replicationFactor,
          configEntries: Object.entries(spec.config).map(([name, value]) => ({ name, value })),
        })),
      }),
    );
    await this.waitForLeaders(specs.map(({ name }) => this.full(name)));
  }

  async alterTopicConfig(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    // AlterConfigs sets the whole configuration: what is not named falls back to the broker's default.
    const before = (await this.describeTopics([name]))[0];
    if (!before) throw new TopicMissingError(name);
    const configEntries = Object.entries({ ...before.config, ...config }).map(([key, value]) => ({ name: key, value }));
    await asOurs(`Configuring topic ${name}`, () =>
      this.admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: this.full(name), configEntries }],
      }),
    );
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await asOurs('Deleting topics', () => this.admin.deleteTopics({ topics: names.map((name) => this.full(name)) }));
  }

  async offsets(topic: string): Promise<readonly { partition: number; start: bigint; end: bigint }[]> {
    const found = await asOurs(`Looking up offsets of ${topic}`, () => this.admin.fetchTopicOffsets(this.full(topic)));
    return found
      .map(({ partition, low, high }) => ({ partition, start: BigInt(low), end: BigInt(high) }))
      .sort((a, b) => a.partition - b.partition);
  }

  async committedOffsets(group: string, topics: readonly string[]): Promise<readonly RecordPlace[]> {
    const found = await asOurs(`Looking up offsets of group ${group}`, () =>
      this.admin.fetchOffsets({ groupId: this.full(group), topics: topics.map((topic) => this.full(topic)) }),
    );
    return found.flatMap(({ topic, partitions }) =>
      partitions
        .filter(({ offset }) => BigInt(offset) >= 0n)
        .map(({ partition, offset }) => ({ topic: this.bare(topic), partition, offset: BigInt(offset) })),
    );
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    if (groups.length === 0) return;
    await asOurs('Deleting groups', () => this.admin.deleteGroups(groups.map((group) => this.full(group))));
  }

  async close(): Promise<void> {
    this.onClose(this);
    await Promise.allSettled([this.admin.disconnect(), this.cluster.close()]);
  }

  /** A broker hears of a new topic some time after the controller has made it, and kafkajs takes that for an error. */
  private async waitForLeaders(names: readonly string[]): Promise<void> {
    const deadlineMs = Date.now() + leaderPatienceMs;
    for (;;) {
      const { topics } = await this.cluster.refresh(names);
      const isLed = (name: string) =>
        topics.some((topic) => topic.name === name && topic.errorCode === 0 && topic.partitions.every(hasLeader));
      const unled = names.find((name) => !isLed(name));
      if (unled === undefined) return;
      if (Date.now() > deadlineMs)
        throw new BrokerUnavailableError(`Topic ${this.bare(unled)} was made and has no leader`);
      await sleep(50);
    }
  }

  private full(name: string): string {
    return `${this.prefix}${name}`;
  }

  private bare(name: string): string {
    return name.slice(this.prefix.length);
  }
}

function hasLeader({ leader }: { readonly leader: number }): boolean {
  return leader >= 0;
}
