import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaDriver } from '@chorda/messaging';
import { freePorts } from '@chorda/native-stack';
import { freshDatabase, freshTopicPrefix, type FreshDatabase } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BuiltApp, chorda, type Ended } from './test-support/built-apps.js';

const folder = mkdtempSync(join(tmpdir(), 'chorda-cli-'));
const stack = inject('stack');
let database: FreshDatabase;
let environment: NodeJS.ProcessEnv;
const apps: BuiltApp[] = [];

const run = (...args: readonly string[]) => chorda(environment, ...args);
interface ListedProjection {
  readonly partitions: readonly { readonly lag_events: string | null }[];
}

interface Printed {
  readonly key: string;
  readonly id: string;
  readonly healthy: boolean;
  readonly error: unknown;
  readonly checks: readonly { readonly name: string; readonly state: string }[];
  readonly events: readonly { readonly id: string }[];
  readonly projections: readonly ListedProjection[];
  readonly migrations: readonly string[];
  readonly topics: readonly { readonly outcome: string }[];
  readonly schemas: readonly { readonly outcome: string }[];
  readonly value: unknown;
  readonly dead_letters: readonly {
    readonly topic: string;
    readonly group: string;
    readonly dead_letter_partition: number;
    readonly dead_letter_offset: string;
    readonly redriven_at: string | null;
  }[];
}
const json = (ended: Ended) => JSON.parse(ended.stdout) as Printed;
const webhook = (name: string) =>
  JSON.stringify({ user_id: 'user-7', provider: 'me', event_name: name, body: { n: 1 } });

/** What a program wrote that knows nothing of schemas. */
async function writeGarbage(): Promise<void> {
  const topicPrefix = environment['CHORDA_TOPIC_PREFIX'] ?? '';
  const driver = createKafkaDriver({ brokers: [stack.kafkaBrokers], topicPrefix, clientId: 'garbage' });
  try {
    const producer = await driver.createProducer();
    const key = Buffer.from('default/user-7');
    await producer.send({ topic: 'external.webhook', key, value: Buffer.from('no Avro'), headers: {} });
  } finally {
    await driver.close();
  }
}

beforeAll(async () => {
  database = await freshDatabase(stack);
  const [port, gatewayMetrics, projectorMetrics] = await freePorts(3);
  environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    // Nothing of a start that happens to run on this machine.
    CHORDA_HOME: folder,
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: database.url,
    REDIS_URL: stack.redisUrl,
    CHORDA_TOPIC_PREFIX: freshTopicPrefix(),
    CHORDA_URL: `http://127.0.0.1:${port}`,
    CHORDA_SIMULATED_DECISIONS: 'true',
    PORT: String(port),
  };
  expect(await run('apply')).toMatchObject({ code: 0 });
  const key = await run('keys', 'create', 'specs', '--scope', 'admin', 'events:simulate', '--json');
  environment = { ...environment, CHORDA_API_KEY: json(key).key };
  const start = (name: string, metricsPort: number | undefined) =>
    new BuiltApp(name, `http://127.0.0.1:${metricsPort}`, { ...environment, METRICS_PORT: String(metricsPort) });
  apps.push(start('projector', projectorMetrics), start('gateway', gatewayMetrics));
  await Promise.all(apps.map((app) => app.ready()));
});

afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await database.drop();
  rmSync(folder, { recursive: true });
});

describe('chorda, against running apps', () => {
  it('applies again without changing anything', async () => {
    const again = json(await run('apply', '--json'));
    expect(again.migrations).toEqual([]);
    expect(again.topics.every(({ outcome }) => outcome === 'right')).toBe(true);
    expect(again.schemas.every(({ outcome }) => outcome === 'present')).toBe(true);
  });

  it('sends an event, gets it by its id and finds it by its type and subject', async () => {
    const sent = await run('events', 'send', 'external.webhook', '-d', webhook('hello'), '--ack', 'projected');
    expect(sent).toMatchObject({ code: 0 });
    const id = sent.stdout.trim();
    const got = json(await run('events', 'get', id, '--json'));
    expect(got).toMatchObject({ id, type: 'external.webhook', subject: 'user-7', source: 'urn:chorda:cli' });
    const found = json(await run('events', 'search', '--type', 'external.*', '--subject', 'user-7', '--json'));
    expect(found.events).toMatchObject([{ id }]);
  });

  it('names each field that is wrong, and ends with 1', async () => {
    const refused = await run('events', 'send', 'external.webhook', '-d', '{"provider":5}', '--json');
    expect(refused.code).toBe(1);
    expect(json(refused).error).toMatchObject({ code: 'INVALID_EVENT', exit_code: 1 });
    expect(refused.stdout).toContain('/data/provider');
    expect(refused.stdout).toContain('/data/event_name');
  });

  it('ends with 2 for a type that is none, 3 for an event that is not there', async () => {
    expect(await run('events', 'search', '--type', 'external.webhok')).toMatchObject({ code: 2 });
    expect(await run('events', 'get', 'no-such-event')).toMatchObject({ code: 3 });
  });

  it('sends a file, each line with its own answer', async () => {
    const line = (id: string, type: string) =>
      `{"specversion":"1.0","id":"${id}","type":"${type}","data":${webhook(id)}}`;
    const file = join(folder, 'events.ndjson');
    writeFileSync(file, `${line('file-1', 'external.webhook')}\n${line('file-2', 'external.nonsense')}\n`);
    const sent = await run('events', 'send', '--file', file, '--json');
    const answers = sent.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { line: number; status: string });
    expect(answers).toMatchObject([
      { line: 1, status: 'logged', id: 'file-1' },
      { line: 2, status: 'refused', id: 'file-2' },
    ]);
    expect(sent.code).toBe(1);
  });

  it('tails events as they are written', async () => {
    const tailing = run('events', 'tail', '--type', 'external.webhook', '--subject', 'user-tail', '-n', '2', '--json');
    // Sent again and again until the tail has two: nobody says when it is connected.
    let ended = false;
    void tailing.then(() => (ended = true));
    for (let n = 0; !ended && n < 100; n++) {
      const data = JSON.stringify({ user_id: 'user-tail', provider: 'me', event_name: `tail-${n}`, body: n });
      await run('events', 'send', 'external.webhook', '-d', data);
    }
    const { code, stdout } = await tailing;
    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { data: { body: number } });
    expect(events).toHaveLength(2);
    expect(events[1]!.data.body).toBe(events[0]!.data.body + 1);
  });

  it('examines everything and times a probe end to end', async () => {
    const ended = await run('doctor', '--json');
    const { healthy, checks } = json(ended);
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['kafka', 'registry', 'postgres', 'redis', 'gateway', 'probe: in the journal']),
    );
    expect({ healthy, code: ended.code }).toEqual({ healthy: true, code: 0 });
  });

  it('sends the demo day, and a second time adds nothing to the journal', async () => {
    const acks = join(folder, 'acks.ndjson');
    const day = ['demo', '--events', '300', '--rate', '0', '--seed', '3', '--day', '2026-11-20'];
    const first = await run(...day, '--acks', acks, '--json');
    expect(json(first)).toMatchObject({ end: 'done', acknowledged: 300, refused: 0 });
    expect(first.code).toBe(0);
    const second = await run(...day, '--json');
    expect(json(second)).toMatchObject({ end: 'done', acknowledged: 300, refused: 0 });

    const lines = readFileSync(acks, 'utf8').trim().split('\n');
    const acknowledged = lines.map((line) => JSON.parse(line) as { readonly id: string; readonly topic: string });
    expect(new Set(acknowledged.map(({ id }) => id)).size).toBe(300);
    const last = await run('events', 'send', 'external.webhook', '-d', webhook('last'), '--ack', 'projected');
    expect(last.code).toBe(0);
    await expect
      .poll(async () => json(await run('projections', 'list', '--json')).projections, { timeout: 60_000 })
      .toSatisfy(
        (listed: readonly ListedProjection[]) =>
          listed.length > 0 &&
          listed.every(({ partitions }) => partitions.every(({ lag_events }) => lag_events === '0')),
      );
    const found = json(
      await run('events', 'search', '--type', 'agent.*', '--type', 'workflow.*', '-n', '2000', '--json'),
    );
    const sent = acknowledged.filter(({ topic }) => topic === 'agent.events' || topic === 'workflow.events');
    expect(sent.length).toBeGreaterThan(100);
    expect(found.events.map(({ id }) => id).sort()).toEqual(sent.map(({ id }) => id).sort());
  });

  it('makes a key that works, lists it, and ends it', async () => {
    const made = json(await run('keys', 'create', 'short', '--scope', 'events:read', '--json'));
    const withKey = { ...environment, CHORDA_API_KEY: made.key };
    expect(await chorda(withKey, 'events', 'search', '-n', '1')).toMatchObject({ code: 0 });
    expect(await chorda(withKey, 'events', 'send', 'external.webhook', '-d', webhook('no'))).toMatchObject({ code: 1 });
    expect((await run('keys', 'list')).stdout).toContain(made.id);
    // Nobody is there to ask, so it has to be said.
    expect(await run('keys', 'revoke', made.id)).toMatchObject({ code: 2 });
    expect(await run('keys', 'revoke', made.id, '--yes')).toMatchObject({ code: 0 });
    expect(await run('keys', 'revoke', made.id, '--yes')).toMatchObject({ code: 3 });
  });

  it('has no dead letters to show, and says so', async () => {
    expect(await run('dead-letters', 'list')).toMatchObject({ code: 0, stdout: 'No dead letters.\n' });
  });

  it('shows what a group has set aside, and sends it through again to that group', async () => {
    await writeGarbage();
    const letters = async () => json(await run('dead-letters', 'list', '--each', '--json')).dead_letters;
    await expect.poll(letters, { timeout: 30_000 }).toHaveLength(1);
    const [letter] = await letters();
    const where = ['-t', letter!.topic, '-g', letter!.group];
    const place = ['-p', String(letter!.dead_letter_partition), '-o', letter!.dead_letter_offset];
    expect(letter).toMatchObject({ topic: 'external.webhook', reason: expect.any(String) as string });

    const shown = await run('dead-letters', 'show', ...where, ...place, '--json');
    expect(json(shown).value).toMatchObject({ text: 'no Avro' });
    expect(await run('dead-letters', 'show', ...where, '-p', '0', '-o', '999999')).toMatchObject({ code: 3 });

    // Nothing is sent dry, nor without somebody to say yes.
    const dry = json(await run('dead-letters', 'redrive', ...where, '--dry-run', '--json'));
    expect(dry).toMatchObject({ dry_run: true, sent: 0 });
    expect(await run('dead-letters', 'redrive', ...where)).toMatchObject({ code: 2 });
    expect(await letters()).toHaveLength(1);

    // It is still no Avro, so the group sets it aside again: a new letter, and the old one is marked.
    expect(await run('dead-letters', 'redrive', ...where, '--yes')).toMatchObject({ code: 0 });
    await expect
      .poll(async () => (await letters()).map((each) => each.dead_letter_offset), { timeout: 60_000 })
      .not.toContain(letter!.dead_letter_offset);
    await expect.poll(letters, { timeout: 30_000 }).toHaveLength(1);
    const all = json(await run('dead-letters', 'list', '--brokers', '--each', '--all', '--json')).dead_letters;
    expect(all.map(({ redriven_at }) => redriven_at !== null)).toEqual(expect.arrayContaining([false, true]));
    // Both ways show the same letters, and name them alike.
    const places = (each: typeof all) => each.map(({ dead_letter_offset: offset }) => offset).sort();
    const atGateway = json(await run('dead-letters', 'list', '--each', '--all', '--json')).dead_letters;
    expect(places(atGateway)).toEqual(places(all));
    expect(Object.keys(atGateway[0] ?? {})).toEqual(Object.keys(all[0] ?? {}));
  });

  it('says what to do when nothing answers', async () => {
    const nowhere = { ...environment, CHORDA_URL: 'http://127.0.0.1:1' };
    const ended = await chorda(nowhere, 'events', 'search');
    expect(ended.code).toBe(5);
    expect(ended.stderr).toContain('npm start');
    expect(ended.stdout).toBe('');
  });
});
