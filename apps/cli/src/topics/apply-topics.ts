import { applyTopics, type TopicOutcome } from '@chorda/contracts';
import { silentLogger } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { kafkaConnection, kafkaEnv, readEnv } from '@chorda/platform';
import { z } from 'zod';
import type { CommandContext } from '../command-line/command-line.js';

export interface ApplyOptions {
  readonly replicationFactor?: number;
  readonly dryRun?: boolean;
}

export async function applyCatalogue({ output, environment }: CommandContext, options: ApplyOptions): Promise<void> {
  const env = readEnv(z.object(kafkaEnv), environment);
  const driver = createKafkaDriver(kafkaConnection(env, 'chorda-cli'), { logger: silentLogger });
  try {
    const admin = await driver.admin();
    try {
      const outcomes = await applyTopics(admin, options);
      output.result({ topics: outcomes, dry_run: options.dryRun === true }, () => summary(outcomes, options));
    } finally {
      await admin.close();
    }
  } finally {
    await driver.close();
  }
}

function summary(outcomes: readonly TopicOutcome[], { dryRun }: ApplyOptions): string {
  const changed = outcomes.filter(({ outcome }) => outcome !== 'right');
  const lines = changed.map(({ name, outcome, changes }) => {
    const what = dryRun
      ? { created: 'would be created', corrected: 'would be corrected', right: '' }[outcome]
      : outcome;
    return [`${name} ${what}`, ...changes.map((change) => `  ${change}`)].join('\n');
  });
  return [...lines, `${outcomes.length - changed.length} of ${outcomes.length} topics were right already`].join('\n');
}
