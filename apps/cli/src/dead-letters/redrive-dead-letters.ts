import { redrive, type DeadLetter, type KafkaDriver, type RedriveOptions as Redrive } from '@chorda/messaging';
import { confirmed } from '../command-line/ask.js';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { withKafka } from '../command-line/kafka.js';
import { letterJson } from './letter-json.js';
import { groupsOf } from './list-dead-letters.js';

export interface RedriveOptions {
  readonly topic: string;
  readonly group: string;
  readonly reason?: string;
  readonly limit?: number;
  readonly rate: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function redriveDeadLetters(context: CommandContext, options: RedriveOptions): Promise<ExitCode> {
  return withKafka(context.environment, (driver) => redriveWith(driver, context, options));
}

async function redriveWith(driver: KafkaDriver, context: CommandContext, options: RedriveOptions): Promise<ExitCode> {
  const { output, signal } = context;
  const { topic, group, reason } = options;
  const base: Redrive = {
    topic,
    group,
    ...(reason === undefined ? {} : { filter: (letter: DeadLetter) => letter.reason === reason }),
  };
  const planned = (await redrive(driver, { ...base, dryRun: true }))
    .slice(0, options.limit)
    .map(({ letter }) => letter);
  if (planned.length === 0 || options.dryRun === true) {
    output.result({ dry_run: options.dryRun === true, sent: 0, dead_letters: planned.map(letterJson) }, () =>
      planned.length === 0 ? 'Nothing to redrive.' : planText(planned),
    );
    return exitCodes.ok;
  }
  if (options.yes !== true && !(await confirmed(`${planText(planned)}\nSend them through again?`, signal))) {
    output.note('Nothing was sent.');
    return exitCodes.failed;
  }
  // Exactly what was shown: letters that came meanwhile were not agreed to.
  const places = planned.map(({ place }) => ({ partition: place.partition, offset: place.offset }));
  const receipts = await redrive(driver, { ...base, places, recordsPerSecondMax: options.rate, signal });
  const sent = receipts.map(({ letter, sentTo }) => ({
    ...letterJson(letter),
    sent_to: sentTo && { topic: sentTo.topic, partition: sentTo.partition, offset: sentTo.offset },
  }));
  output.result({ dry_run: false, sent: sent.length, dead_letters: sent }, () => `${sent.length} sent through again`);
  output.note(`Watch them with: chorda dead-letters list -t ${topic} -g ${group}`);
  return sent.length === planned.length ? exitCodes.ok : exitCodes.failed;
}

function planText(letters: readonly DeadLetter[]): string {
  const reasons = groupsOf(letters).map(({ count, reason }) => `  ${count} for ${reason}`);
  const [first] = letters;
  return [`${letters.length} dead letters of ${first?.origin.topic} in ${first?.group}:`, ...reasons].join('\n');
}
