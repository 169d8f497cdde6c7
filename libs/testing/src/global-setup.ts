import { readFileSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { openSharedSubjects } from './shared-subjects.js';
import { startStack, type StackAddresses } from './stack.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The servers that all specs of this run share. */
    stack: StackAddresses;
  }
}

/** One stack a run, made before the first spec; `CHORDA_TEST_STACK_FILE` names one that is there already. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const file = process.env['CHORDA_TEST_STACK_FILE'];
  if (file) return share(project, readAddresses(file));
  const stack = await startStack();
  const { kafkaBrokers, registryUrl, databaseUrl, redisUrl } = stack;
  const unshare = await share(project, { kafkaBrokers, registryUrl, databaseUrl, redisUrl });
  return async () => {
    await unshare();
    await stack.stop();
  };
}

async function share(project: TestProject, addresses: StackAddresses): Promise<() => Promise<void>> {
  const { url, close } = await openSharedSubjects(addresses.registryUrl);
  project.provide('stack', { ...addresses, sharedRegistryUrl: url });
  return close;
}

function readAddresses(file: string): StackAddresses {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const address = (name: string): string => {
    const value = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, name) : undefined;
    if (typeof value !== 'string') throw new Error(`${file} has no ${name}`);
    return value;
  };
  return {
    kafkaBrokers: address('kafkaBrokers'),
    registryUrl: address('registryUrl'),
    databaseUrl: address('databaseUrl'),
    redisUrl: address('redisUrl'),
  };
}
