import { registerSchemas } from '@chorda/contracts';
import { kafkaEnv, readEnv, registryConnection, registryEnv } from '@chorda/platform';
import { z } from 'zod';
import type { CommandContext } from '../command-line/command-line.js';

export async function registerAllSchemas({ output, environment }: CommandContext): Promise<void> {
  const { CHORDA_TOPIC_PREFIX } = kafkaEnv;
  const env = readEnv(z.object({ ...registryEnv, CHORDA_TOPIC_PREFIX }), environment);
  const schemas = await registerSchemas({ ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX });
  const added = schemas.filter(({ outcome }) => outcome === 'registered');
  output.result({ schemas }, () =>
    [
      ...added.map(({ subject, id }) => `${subject} registered with id ${id}`),
      `${schemas.length - added.length} of ${schemas.length} schemas were there already`,
    ].join('\n'),
  );
}
