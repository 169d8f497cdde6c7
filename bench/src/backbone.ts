import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '@chorda/kernel';
import type { StackAddresses } from '@chorda/testing';
import { startOwnedProcess } from './owned-process.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));

export type AppName =
  'gateway' | 'projector' | 'agent-runtime' | 'orchestrator' | 'inference-worker' | 'model-simulator' | 'cli';

/** The built entry of an app: what runs in production. */
export function entryOf(app: AppName): string {
  return join(repository, 'apps', app, 'dist', 'main.js');
}

/** What the apps read from their environment, and nothing of ours. */
export function environmentOf(stack: StackAddresses, databaseUrl: string, topicPrefix: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: databaseUrl,
    REDIS_URL: stack.redisUrl,
    CHORDA_TOPIC_PREFIX: topicPrefix,
    CHORDA_SIMULATED_DECISIONS: 'true',
    OTEL_SDK_DISABLED: 'true',
  };
}

export interface AppProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts an app as a process of its own. */
export function startApp(app: AppName, env: NodeJS.ProcessEnv, outputFile: string): AppProcess {
  const { child, ended } = startOwnedProcess([entryOf(app)], env, outputFile);
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Waits until `check` holds. @throws when it does not within `timeoutMs`. */
export async function waitFor(what: string, timeoutMs: number, check: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(20);
  }
}
