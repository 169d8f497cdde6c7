import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyTopics, registerSchemas } from '@chorda/contracts';
import { defaultTenant } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import {
  createApiKey,
  databaseEnv,
  kafkaConnection,
  kafkaEnv,
  parseApiKey,
  readEnv,
  registryConnection,
  registryEnv,
  usingServer,
} from '@chorda/platform';
import { ApiKeyRepository, createPool, migrate } from '@chorda/read-models';
import { z } from 'zod';

const registryPatienceMs = 30_000;

const dataEnv = z.object({ ...kafkaEnv, ...registryEnv, ...databaseEnv });

export interface FirstKey {
  readonly text: string;
  /** Where it is kept, readable by its owner alone. */
  readonly path: string;
}

/**
 * What the apps expect to be there and never make themselves: tables, topics, schemas, and a key to come in with.
 * Doing it again changes nothing.
 */
export async function prepareData(env: NodeJS.ProcessEnv, home: string, signal?: AbortSignal): Promise<FirstKey> {
  const settings = readEnv(dataEnv, env);
  const connection = kafkaConnection(settings, 'chorda-start');
  const [key] = await Promise.all([
    usingServer('postgres', async () => {
      await migrate(settings.DATABASE_URL);
      return firstKey(settings.DATABASE_URL, home);
    }),
    usingServer('kafka', () => applyAllTopics(connection)),
    usingServer('registry', () =>
      registerSchemas({
        ...registryConnection(settings),
        topicPrefix: settings.CHORDA_TOPIC_PREFIX,
        patienceMs: registryPatienceMs,
        ...(signal && { signal }),
      }),
    ),
  ]);
  return key;
}

async function applyAllTopics(connection: ReturnType<typeof kafkaConnection>): Promise<void> {
  const driver = createKafkaDriver(connection);
  try {
    await applyTopics(await driver.admin());
  } finally {
    await driver.close();
  }
}

/** Issued once for a database; another database, or a key that was revoked, gets a new one. */
async function firstKey(databaseUrl: string, home: string): Promise<FirstKey> {
  const path = join(home, 'first-key');
  const pool = createPool(databaseUrl, { applicationName: 'chorda-start', connectionsMax: 1 });
  try {
    const keys = new ApiKeyRepository(pool);
    const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    const keyId = parseApiKey(kept)?.keyId;
    if (keyId !== undefined && isUsable(await keys.find(keyId))) return { text: kept, path };
    const made = createApiKey();
    await keys.issue({
      tenantId: defaultTenant,
      keyId: made.keyId,
      name: 'first key of npm start',
      secretHash: made.secretHash,
      // Simulated decisions are refused by the gateway unless CHORDA_SIMULATED_DECISIONS lets them in.
      scopes: ['admin', 'deployment:operate', 'events:simulate'],
    });
    writeFileSync(`${path}.part`, `${made.text}\n`, { mode: 0o600 });
    renameSync(`${path}.part`, path);
    return { text: made.text, path };
  } finally {
    await pool.end();
  }
}

function isUsable(key: Awaited<ReturnType<ApiKeyRepository['find']>>): boolean {
  return key !== undefined && key.revokedAt === undefined && (key.expiresAt?.getTime() ?? Infinity) > Date.now();
}
