import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { prepareData } from './prepare-data.js';
import { loadApps, RunningApps } from './running-apps.js';

/** Every app in this process, as `npm start` runs them, on topics and a database of a spec's own. */
export interface Backbone {
  readonly url: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  readonly topicPrefix: string;
  stop(): Promise<void>;
}

export interface BackboneOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly logDestination: NodeJS.WritableStream;
}

export async function startBackbone(stack: StackAddresses, options: BackboneOptions): Promise<Backbone> {
  const home = mkdtempSync(join(tmpdir(), 'chorda-backbone-'));
  const database = await freshDatabase(stack);
  const topicPrefix = freshTopicPrefix();
  const env = {
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: database.url,
    REDIS_URL: stack.redisUrl,
    CHORDA_TOPIC_PREFIX: topicPrefix,
    PORT: '0',
    ...options.env,
  };
  const { text: apiKey } = await prepareData(env, home);
  const apps = new RunningApps(await loadApps(), options.logDestination);
  const stop = async () => {
    await apps.stop();
    await database.drop();
    rmSync(home, { recursive: true });
  };
  try {
    await apps.start(env);
    await untilReady(apps);
    return { url: apps.urlOf('gateway') ?? '', apiKey, databaseUrl: database.url, topicPrefix, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(apps: RunningApps): Promise<void> {
  const endMs = Date.now() + 60_000;
  for (;;) {
    const reasons = await apps.notReady();
    if (reasons.length === 0) return;
    if (Date.now() > endMs) throw new Error(`Not ready: ${reasons.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
