import { checkSchemas, gateIssues } from '@chorda/contracts';
import { kafkaEnv, readEnv, registryConnection, registryEnv } from '@chorda/platform';
import { z } from 'zod';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { repositoryRoot } from './repository.js';

export async function checkAllSchemas(
  { output, environment }: CommandContext,
  options: { readonly offline?: boolean },
): Promise<ExitCode> {
  const root = repositoryRoot();
  if (root === undefined) output.note('No repository here: what was released is not compared.');
  const breaking = root === undefined ? [] : gateIssues(root);
  const missing = options.offline ? [] : await missingSubjects(environment);
  output.result({ breaking, missing }, () =>
    [
      ...breaking.map((issue) => `${issue.pointer}: ${issue.detail}`),
      ...missing.map((subject) => `${subject}: the registry does not have it; run chorda schemas register`),
      ...(breaking.length + missing.length === 0 ? ['All schemas are in order'] : []),
    ].join('\n'),
  );
  return breaking.length + missing.length === 0 ? exitCodes.ok : exitCodes.failed;
}

async function missingSubjects(environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { CHORDA_TOPIC_PREFIX } = kafkaEnv;
  const env = readEnv(z.object({ ...registryEnv, CHORDA_TOPIC_PREFIX }), environment);
  const found = await checkSchemas({ ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX });
  return found.filter(({ id }) => id === undefined).map(({ subject }) => subject);
}
