import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAppHost, type LogLevel, type RunningApp } from '@chorda/platform';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { prepareData } from './prepare-data.js';
import { loadApps } from './running-apps.js';

/** Every app in this process, as `npm start` runs them, on topics and a database of a spec's own. */
export interface Backbone {
  readonly url: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  readonly topicPrefix: string;
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface BackboneOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly logDestination: NodeJS.WritableStream;
  readonly logLevel?: LogLevel;
}

export async function startBackbone(stack: StackAddresses, options: BackboneOptions): Promise<Backbone> {
  const home = mkdtempSync(join(tmpdir(), 'chorda-backbone-'));
  const database = await freshDatabase(stack);
  const topicPrefix = freshTopicPrefix();
  const env = {
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.sharedRegistryUrl ?? stack.registryUrl,
    DATABASE_URL: database.url,
    REDIS_URL: stack.redisUrl,
    CHORDA_TOPIC_PREFIX: topicPrefix,
    PORT: '0',
    ...options.env,
  };
  const { text: apiKey } = await prepareData(env, home);
  const running: RunningApp[] = [];
  const stop = async () => {
    for (const app of running.splice(0).reverse()) await app.stop();
    await database.drop();
    rmSync(home, { recursive: true });
  };
  try {
    for (const { name, start } of await loadApps()) {
      const { logDestination, logLevel = 'info' } = options;
      running.push(await start(env, createAppHost({ name, sharesProcess: true, logDestination, logLevel })));
    }
    await untilReady(running);
    const url = running.find(({ name }) => name === 'gateway')?.url ?? '';
    return { url, apiKey, databaseUrl: database.url, topicPrefix, env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(apps: readonly RunningApp[]): Promise<void> {
  const endMs = Date.now() + 60_000;
  for (;;) {
    const reasons = (await Promise.all(apps.map((app) => app.notReady()))).flat();
    if (reasons.length === 0) return;
    if (Date.now() > endMs) throw new Error(`Not ready: ${reasons.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
