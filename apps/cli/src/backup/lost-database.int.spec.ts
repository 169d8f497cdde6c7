import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { applyTopics, EventCodec, parseEventData } from '@chorda/contracts';
import { defaultTenant } from '@chorda/kernel';
import { createKafkaDriver, type KafkaDriver } from '@chorda/messaging';
import { openPayloads } from '@chorda/platform';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix } from '@chorda/testing';
import { expect, inject, it } from 'vitest';
import { CommandLine } from '../command-line/command-line.js';
import { runChorda } from '../program.js';

const page = readFileSync(new URL('../../../../docs/backup.md', import.meta.url), 'utf8');
/** The commands of the page, in the order in which somebody reads them. */
const commands = [...page.matchAll(/npm run chorda -- ([a-z]+(?: [a-z]+(?![a-z-]))?)/g)].map(([, command]) => command);

it('docs/backup.md: its commands, in their order, bring a lost database back', { timeout: 120_000 }, async () => {
  expect(commands).toEqual(['payloads check', 'backup create', 'apply', 'backup restore', 'decisions restore']);
  const { kafkaBrokers, registryUrl, databaseUrl } = inject('stack');
  const folder = mkdtempSync(join(tmpdir(), 'chorda-lost-'));
  const [lost, fresh] = [await freshDatabase({ databaseUrl }), await freshDatabase({ databaseUrl })];
  const topicPrefix = freshTopicPrefix();
  const driver = createKafkaDriver({ brokers: kafkaBrokers.split(','), topicPrefix, clientId: 'spec' });
  const file = join(folder, 'chorda-backup.gz');
  const payloads = join(folder, 'payloads');
  const chorda = async (url: string, ...args: readonly string[]) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const servers = { KAFKA_BROKERS: kafkaBrokers, SCHEMA_REGISTRY_URL: registryUrl, DATABASE_URL: url };
    const environment = { ...servers, CHORDA_TOPIC_PREFIX: topicPrefix, CHORDA_PAYLOADS: payloads };
    const exitCode = await runChorda([...args, '--json'], new CommandLine({ stdout, stderr }, environment, never));
    expect(exitCode, `${args.join(' ')}: ${String(stdout.read())} ${String(stderr.read())}`).toBe(0);
  };
  try {
    await migrate(lost.url);
    await chorda(lost.url, 'keys', 'create', 'orders', '--scope', 'events:write');
    await decideSomething(driver);
    const kept = await openPayloads({ CHORDA_PAYLOADS: payloads })?.keep(defaultTenant, '"large"');
    await chorda(lost.url, 'backup', 'create', file);
    await lost.drop();

    await chorda(fresh.url, 'apply');
    await chorda(fresh.url, 'backup', 'restore', file);
    await chorda(fresh.url, 'decisions', 'restore');
    await chorda(fresh.url, 'payloads', 'check');
    const pool = createPool(fresh.url);
    const { rows } = await pool.query(
      'SELECT (SELECT count(*)::int FROM api_keys) AS keys, (SELECT count(*)::int FROM decision_streams) AS streams',
    );
    await pool.end();
    expect(rows).toEqual([{ keys: 1, streams: 1 }]);
    expect(kept?.length).toBe(7);
  } finally {
    await driver.close();
    await fresh.drop();
    rmSync(folder, { recursive: true });
  }
});

const never = new AbortController().signal;

/** One decision on the log, as an engine would have published it. */
async function decideSomething(driver: KafkaDriver): Promise<void> {
  const admin = await driver.admin();
  await applyTopics(admin, { names: ['agent.commands', 'agent.events'], replicationFactor: 1 });
  await admin.close();
  const parsed = parseEventData('agent.created', {
    ...{ agent_id: 'a-1', name: 'One', agent_type: 'assistant', concurrency_max: 1 },
  });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
  const decision = { streamVersion: 1n, partitionSeq: 1n, epoch: 1n, commandId: 'c-1', commandOffset: 0n };
  const metadata = {
    id: 'x',
    source: 'urn:spec',
    subject: 'a-1',
    tenantId: defaultTenant,
    timeMs: 1,
    correlationId: 'y',
  };
  const producer = await driver.createProducer();
  await producer.send(EventCodec.offline(1).encode({ event: parsed.event, metadata: { ...metadata, decision } }));
  await producer.close();
}
