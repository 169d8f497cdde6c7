import type { NewWork } from '@chorda/read-models';
import { ExecutorGround } from './executor-ground.js';

/** An executor as a process, which does one work and is killed over it. */
const env = process.env;
const ground = await ExecutorGround.join({
  brokers: env['KAFKA_BROKERS'] ?? '',
  topicPrefix: env['CHORDA_TOPIC_PREFIX'] ?? '',
  registryUrl: env['SCHEMA_REGISTRY_URL'] ?? '',
  databaseUrl: env['DATABASE_URL'] ?? '',
  effectUrl: env['EFFECT_URL'] ?? '',
});
// Not started: it does the work that it is given, and looks for no other.
const given: NewWork = JSON.parse(env['WORK'] ?? '');
await ground.executor().take([given]);
