import { InvalidInputError } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { allEventTypes, topicsOf } from '../catalogue.js';
import { applyTopics, PartitionCountError, type TopicAdmin, type TopicFacts } from './apply-topics.js';
import {
  catalogueTopic,
  deadLetterTopic,
  fixedTopics,
  partitionCountOf,
  retryTopic,
  topicConfig,
} from './catalogue.js';
import { murmur2, partitionOf } from './partition.js';

describe('partitions', () => {
  // Of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  it.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('hashes %s as Java does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('are never negative', () => {
    expect(partitionOf(Buffer.from('21'), 12)).toBe((-973_932_308 & 0x7fffffff) % 12);
  });
});

describe('the catalogue', () => {
  it.each(allEventTypes)('has every topic of %s', (type) => {
    for (const topic of topicsOf(type)) expect(fixedTopics.map(({ name }) => name)).toContain(topic);
  });

  it.each([
    ['agent.events', 12, 'forever'],
    ['external.order_placed', 3, 90 * 86_400_000],
    ['ingress.default', 3, 7 * 86_400_000],
    ['agent.work.gpu', 12, 7 * 86_400_000],
    [deadLetterTopic('agent.events', 'projector.journal'), 3, 30 * 86_400_000],
    [deadLetterTopic('external.webhook', 'projector.journal'), 3, 30 * 86_400_000],
    [retryTopic('agent.events', 'analytics.usage', 5000), 3, 7 * 86_400_000],
  ])('knows %s', (name, partitions, retentionMs) => {
    expect(partitionCountOf(name)).toBe(partitions);
    expect(catalogueTopic(name)?.retentionMs).toBe(retentionMs);
  });

  it('names retry topics by their delay', () => {
    const name = (delayMs: number): string => retryTopic('t', 'g', delayMs);
    expect([500, 5000, 60_000, 90_000, 3_600_000].map(name)).toEqual([
      't.g.retry.500ms',
      't.g.retry.5s',
      't.g.retry.1m',
      't.g.retry.90s',
      't.g.retry.1h',
    ]);
  });

  it('refuses a topic that it does not know', () => {
    expect(() => partitionCountOf('agent.evnets')).toThrow(InvalidInputError);
  });
});

class FakeBroker implements TopicAdmin {
  readonly topics = new Map<string, TopicFacts>();
  changes = 0;

  constructor(private readonly defaultReplication: number) {}

  listTopics(): Promise<readonly string[]> {
    return Promise.resolve([...this.topics.keys()]);
  }

  describeTopics(names: readonly string[]): Promise<readonly TopicFacts[]> {
    return Promise.resolve(names.flatMap((name) => this.topics.get(name) ?? []));
  }

  createTopics(specs: readonly TopicFacts[]): Promise<void> {
    for (const spec of specs) {
      const replicationFactor = spec.replicationFactor === -1 ? this.defaultReplication : spec.replicationFactor;
      this.topics.set(spec.name, { ...spec, replicationFactor });
      this.changes += 1;
    }
    return Promise.resolve();
  }

  alterTopicConfig(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    const topic = this.topics.get(name);
    if (!topic) throw new Error(`no topic ${name}`);
    this.topics.set(name, { ...topic, config: { ...topic.config, ...config } });
    this.changes += 1;
    return Promise.resolve();
  }
}

describe('applying the catalogue', () => {
  it('makes what is missing, and the second time changes nothing', async () => {
    const broker = new FakeBroker(1);
    const first = await applyTopics(broker);
    expect(first.every(({ outcome }) => outcome === 'created')).toBe(true);
    expect(broker.topics.get('agent.events')?.config).toEqual({
      'cleanup.policy': 'delete',
      'compression.type': 'zstd',
      'max.message.bytes': '2097152',
      'retention.ms': '-1',
      'retention.bytes': '-1',
    });
    const kept = ['agent.commands', 'agent.work.tools'].map(
      (name) => broker.topics.get(name)?.config['compression.type'],
    );
    expect(kept).toEqual(['producer', 'producer']);
    const changes = broker.changes;
    const second = await applyTopics(broker);
    expect(second.every(({ outcome }) => outcome === 'right')).toBe(true);
    expect(broker.changes).toBe(changes);
  });

  it('asks for two in-sync replicas where the broker replicates three times', async () => {
    const broker = new FakeBroker(3);
    await applyTopics(broker);
    expect(broker.topics.get('agent.events')?.config['min.insync.replicas']).toBe('2');
    expect((await applyTopics(broker)).every(({ outcome }) => outcome === 'right')).toBe(true);
  });

  it('corrects a setting that has drifted and says from what', async () => {
    const broker = new FakeBroker(1);
    await applyTopics(broker);
    await broker.alterTopicConfig('agent.events', { 'retention.ms': '1000' });
    const dry = await applyTopics(broker, { dryRun: true });
    expect(broker.topics.get('agent.events')?.config['retention.ms']).toBe('1000');
    const wet = await applyTopics(broker);
    for (const outcomes of [dry, wet]) {
      expect(outcomes.filter(({ outcome }) => outcome !== 'right')).toEqual([
        { name: 'agent.events', outcome: 'corrected', changes: ['retention.ms: 1000 -> -1'] },
      ]);
    }
    expect(broker.topics.get('agent.events')?.config['retention.ms']).toBe('-1');
  });

  it('refuses another number of partitions before it changes anything', async () => {
    const broker = new FakeBroker(1);
    const [topic] = fixedTopics;
    if (!topic) throw new Error('the catalogue is empty');
    broker.topics.set(topic.name, { name: topic.name, partitions: 6, replicationFactor: 1, config: {} });
    await expect(applyTopics(broker)).rejects.toThrow(PartitionCountError);
    await expect(applyTopics(broker)).rejects.toThrow(/agent.commands has 6, not 12/);
    expect(broker.changes).toBe(0);
  });

  it('makes a topic of a pattern by its name', async () => {
    const broker = new FakeBroker(1);
    const name = deadLetterTopic('agent.events', 'projector.journal');
    expect(await applyTopics(broker, { names: [name] })).toEqual([{ name, outcome: 'created', changes: [] }]);
    expect(broker.topics.get(name)?.config).toEqual(
      topicConfig({ name, key: '', partitions: 3, retentionMs: 30 * 86_400_000 }, 1),
    );
  });
});
