import { confirmed } from '../command-line/ask.js';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import type { ShownLetter } from './letter-json.js';
import { withLetters, type LetterStore, type LetterStoreOptions } from './letter-store.js';
import { groupsOf } from './list-dead-letters.js';

export interface RedriveOptions extends LetterStoreOptions {
  readonly topic: string;
  readonly group: string;
  readonly reason?: string;
  readonly limit?: number;
  readonly rate: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function redriveDeadLetters(context: CommandContext, options: RedriveOptions): Promise<ExitCode> {
  return withLetters(context, options, (store) => redriveWith(store, context, options));
}

async function redriveWith(store: LetterStore, context: CommandContext, options: RedriveOptions): Promise<ExitCode> {
  const { output, signal } = context;
  const { topic, group, reason, limit } = options;
  const planned = await store.list({ topic, group, reason, limit, includeRedriven: false });
  if (planned.length === 0 || options.dryRun === true) {
    output.result({ dry_run: options.dryRun === true, sent: 0, dead_letters: planned }, () =>
      planned.length === 0 ? 'Nothing to redrive.' : planText(planned),
    );
    return exitCodes.ok;
  }
  if (options.yes !== true && !(await confirmed(`${planText(planned)}\nSend them through again?`, signal))) {
    output.note('Nothing was sent.');
    return exitCodes.failed;
  }
  // Exactly what was shown: letters that came meanwhile were not agreed to.
  const sent = await store.redrive(planned, options.rate);
  output.result({ dry_run: false, sent: sent.length, dead_letters: sent }, () => `${sent.length} sent through again`);
  const where = options.brokers === true ? ' --brokers' : '';
  output.note(`Watch them with: chorda dead-letters list${where} -t ${topic} -g ${group}`);
  return sent.length === planned.length ? exitCodes.ok : exitCodes.failed;
}

function planText(letters: readonly ShownLetter[]): string {
  const reasons = groupsOf(letters).map(({ count, reason }) => `  ${count} for ${reason}`);
  const [first] = letters;
  return [`${letters.length} dead letters of ${first?.topic} in ${first?.group}:`, ...reasons].join('\n');
}
