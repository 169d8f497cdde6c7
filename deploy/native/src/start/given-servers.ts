import { checkRegistry } from '@chorda/contracts';
import { createKafkaDriver } from '@chorda/messaging';
import {
  askServer,
  databaseEnv,
  EnvironmentError,
  kafkaConnection,
  kafkaEnv,
  readEnv,
  redisEnv,
  registryConnection,
  registryEnv,
} from '@chorda/platform';
import { pendingMigrations } from '@chorda/read-models';
import { z } from 'zod';
import { MachineError } from '../errors.js';
import type { ServerName } from '../stack.js';

export class GivenServersError extends MachineError {
  readonly code = 'GIVEN_SERVERS';
}

/**
 * Asks each server that is given by environment for something small, before anything is started: a wrong password is
 * said within seconds, once, and not by the servers of ours that would have needed the one it is for.
 *
 * @throws {@link EnvironmentError} naming every setting of theirs that is wrong.
 * @throws {@link GivenServersError} saying of each that cannot be used why, and what to look at; never a secret.
 */
export async function assertGivenServers(env: NodeJS.ProcessEnv, embedded: readonly ServerName[]): Promise<void> {
  const given = (name: ServerName) => !embedded.includes(name);
  refuseKafkaSettingsWithoutKafka(env, embedded);
  readEnv(
    z.object({
      ...(given('kafka') ? kafkaEnv : {}),
      ...(given('registry') ? registryEnv : {}),
      ...(given('postgres') ? databaseEnv : {}),
      ...(given('redis') ? redisEnv : {}),
    }),
    env,
  );
  const outcomes = await Promise.allSettled([
    given('kafka') && askServer('kafka', () => askKafka(env)),
    given('registry') &&
      askServer('registry', () => checkRegistry(registryConnection(readEnv(z.object(registryEnv), env)))),
    given('postgres') &&
      askServer('postgres', () => pendingMigrations(readEnv(z.object(databaseEnv), env).DATABASE_URL)),
  ]);
  const faults = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [messageOf(outcome.reason)] : []));
  if (faults.length > 0) throw new GivenServersError(faults.join('\n'));
}

async function askKafka(env: NodeJS.ProcessEnv): Promise<void> {
  const driver = createKafkaDriver(kafkaConnection(readEnv(z.object(kafkaEnv), env), 'chorda-start'));
  try {
    await (await driver.admin()).listTopics();
  } finally {
    await driver.close();
  }
}

/** Our own Kafka asks for neither: apps that brought them would not get in, and would not say why. */
function refuseKafkaSettingsWithoutKafka(env: NodeJS.ProcessEnv, embedded: readonly ServerName[]): void {
  if (!embedded.includes('kafka')) return;
  const idle = Object.keys(env).filter((key) => /^KAFKA_(SSL|SASL)(_|$)/.test(key) && env[key]);
  if (idle.length === 0) return;
  throw new EnvironmentError(idle.map((pointer) => ({ pointer, detail: 'is given without KAFKA_BROKERS' })));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
