import { applyTopics, checkSchemas } from '@chorda/contracts';
import { askServer, kafkaEnv, readEnv, redisEnv, registryConnection, registryEnv } from '@chorda/platform';
import { pendingMigrations } from '@chorda/read-models';
import { z } from 'zod';
import { databaseUrlOf } from '../command-line/database.js';
import { withKafkaAdmin } from '../command-line/kafka.js';
import { redisPing } from './redis-ping.js';
import { broken, look, ok, warning, type Check, type Finding } from './check.js';

const applyFix = 'Run `npm run chorda -- apply`; it makes what is missing and changes nothing else.';
const clockSkewMsMax = 2_000;

/** Each server answers, and has what Chorda expects of it. */
export async function serverChecks(environment: NodeJS.ProcessEnv): Promise<readonly Check[]> {
  return Promise.all([
    look('kafka', () => askServer('kafka', () => kafka(environment))),
    look('registry', () => askServer('registry', () => registry(environment))),
    look('postgres', () => askServer('postgres', () => postgres(environment))),
    look('redis', () => askServer('redis', () => redis(environment))),
    look('gateway', () => gateway(environment)),
  ]);
}

async function kafka(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const outcomes = await withKafkaAdmin(environment, (admin) => applyTopics(admin, { dryRun: true }));
  const wrong = outcomes.filter(({ outcome }) => outcome !== 'right').map(({ name }) => name);
  if (wrong.length === 0) return ok(`${outcomes.length} topics as the catalogue wants them`);
  return broken(`${wrong.length} topics are missing or set otherwise: ${wrong.slice(0, 5).join(', ')}`, applyFix);
}

async function registry(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const { CHORDA_TOPIC_PREFIX } = kafkaEnv;
  const env = readEnv(z.object({ ...registryEnv, CHORDA_TOPIC_PREFIX }), environment);
  const found = await checkSchemas({ ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX });
  const missing = found.filter(({ id }) => id === undefined);
  if (missing.length === 0) return ok(`all ${found.length} schemas registered`);
  return broken(`${missing.length} schemas are not registered`, applyFix);
}

async function postgres(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const pending = await pendingMigrations(databaseUrlOf(environment));
  return pending.length === 0
    ? ok('all migrations applied')
    : broken(`migrations ${pending.join(', ')} are not applied`, applyFix);
}

async function redis(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const { REDIS_URL } = readEnv(z.object(redisEnv), environment);
  const answer = await redisPing(REDIS_URL);
  if (answer.startsWith('+PONG')) return ok('answers PONG');
  return broken(`answers ${answer.trim()}`, 'Look at the user and password in REDIS_URL.');
}

async function gateway(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const url = environment['CHORDA_URL'];
  if (url === undefined) return broken('CHORDA_URL is not set', 'Start Chorda with `npm start`, or set CHORDA_URL.');
  const sentMs = Date.now();
  const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(10_000) });
  const body = await response.text();
  if (!response.ok)
    return broken(
      `${url} is not ready: ${body.slice(0, 300)}`,
      'Look into its log; readiness names what it waits for.',
    );
  const skewMs = Math.abs(Date.parse(response.headers.get('date') ?? '') - sentMs);
  // The header has whole seconds.
  if (skewMs > clockSkewMsMax + 1_000) {
    return warning(
      `ready, but its clock is ${(skewMs / 1_000).toFixed(0)} s off ours`,
      'Let both machines keep time by NTP.',
    );
  }
  return ok(`${url} is ready`);
}
