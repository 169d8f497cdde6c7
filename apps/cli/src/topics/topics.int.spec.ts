import { fixedTopics } from '@chorda/contracts';
import { createKafkaDriver } from '@chorda/messaging';
import { freshTopicPrefix } from '@chorda/testing';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CommandLine } from '../command-line/command-line.js';
import { runChorda } from '../program.js';

const { kafkaBrokers, registryUrl } = inject('stack');
const topicPrefix = freshTopicPrefix();

async function chorda(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const environment = {
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: registryUrl,
    CHORDA_TOPIC_PREFIX: topicPrefix,
  };
  const cli = new CommandLine({ stdout, stderr }, environment, new AbortController().signal);
  const exitCode = await runChorda([...args], cli);
  return { exitCode, stdout: String(stdout.read() ?? '') + String(stderr.read() ?? '') };
}

describe('chorda topics apply, on a real broker', () => {
  const driver = createKafkaDriver({ brokers: [kafkaBrokers], topicPrefix, clientId: 'topics-spec' });
  let admin: Awaited<ReturnType<typeof driver.admin>>;
  beforeAll(async () => {
    admin = await driver.admin();
  });
  afterAll(async () => {
    await admin.deleteTopics(await admin.listTopics());
    await admin.close();
    await driver.close();
  });

  // A broker answers an alteration before it shows it.
  const retention = async (): Promise<string | undefined> =>
    (await admin.describeTopics(['agent.events']))[0]?.config['retention.ms'];

  it('makes every topic, corrects one that drifted, and then finds nothing to do', async () => {
    const first = await chorda('topics', 'apply', '--json');
    expect(first).toMatchObject({ exitCode: 0 });
    expect((await admin.listTopics()).toSorted()).toEqual(fixedTopics.map(({ name }) => name).toSorted());
    await admin.alterTopicConfig('agent.events', { 'retention.ms': '1000' });
    await expect.poll(retention, { timeout: 30_000 }).toBe('1000');
    const second = await chorda('topics', 'apply');
    expect(second.stdout).toContain('agent.events corrected\n  retention.ms: 1000 -> -1');
    await expect.poll(retention, { timeout: 30_000 }).toBe('-1');
    const [topic] = await admin.describeTopics(['agent.events']);
    expect(topic).toMatchObject({ partitions: 12, config: { 'retention.ms': '-1', 'compression.type': 'zstd' } });
    expect((await chorda('topics', 'apply')).stdout).toBe(
      `${fixedTopics.length} of ${fixedTopics.length} topics were right already\n`,
    );
  });

  it('refuses a topic with another number of partitions', async () => {
    await admin.deleteTopics(['inference.control']);
    await expect.poll(() => admin.listTopics(), { timeout: 30_000 }).not.toContain('inference.control');
    await admin.createTopics([{ name: 'inference.control', partitions: 5, replicationFactor: 1, config: {} }]);
    const refused = await chorda('topics', 'apply');
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toContain('inference.control has 5, not 3');
  });
});

describe('chorda schemas', () => {
  it('says what the registry lacks, registers it, and then finds all in order', async () => {
    const before = await chorda('schemas', 'check');
    expect(before.exitCode).toBe(1);
    expect(before.stdout).toContain(`${topicPrefix}agent.events-agent.Executed: the registry does not have it`);
    expect(await chorda('schemas', 'register')).toMatchObject({ exitCode: 0 });
    expect(await chorda('schemas', 'check')).toEqual({ exitCode: 0, stdout: 'All schemas are in order\n' });
  });
});
