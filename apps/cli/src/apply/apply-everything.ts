import { applyTopics, registerSchemas } from '@chorda/contracts';
import { databaseEnv, kafkaEnv, readEnv, registryConnection, registryEnv, usingServer } from '@chorda/platform';
import { migrate } from '@chorda/read-models';
import { z } from 'zod';
import type { CommandContext } from '../command-line/command-line.js';
import { withKafkaAdmin } from '../command-line/kafka.js';

const applyEnv = z.object({ ...kafkaEnv, ...registryEnv, ...databaseEnv });

export async function applyEverything({ output, environment }: CommandContext): Promise<void> {
  // Read first: a setting that is missing is reported before anything is changed.
  const env = readEnv(applyEnv, environment);
  const migrations = await usingServer('postgres', () => migrate(env.DATABASE_URL));
  const topics = await usingServer('kafka', () => withKafkaAdmin(environment, (admin) => applyTopics(admin)));
  const schemas = await usingServer('registry', () =>
    registerSchemas({ ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX }),
  );
  const changedTopics = topics.filter(({ outcome }) => outcome !== 'right');
  const newSchemas = schemas.filter(({ outcome }) => outcome === 'registered');
  output.result({ migrations, topics, schemas }, () =>
    [
      `Postgres: ${migrations.length === 0 ? 'nothing to do' : `migrations ${migrations.join(', ')}`}`,
      `Kafka: ${changedTopics.length} of ${topics.length} topics made or corrected`,
      `Registry: ${newSchemas.length} of ${schemas.length} schemas registered`,
    ].join('\n'),
  );
}
