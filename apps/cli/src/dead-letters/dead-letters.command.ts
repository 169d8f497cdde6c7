import { Command } from 'commander';
import { positiveNumber, wholeNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { ListOptions } from './list-dead-letters.js';
import type { RedriveOptions } from './redrive-dead-letters.js';
import type { ShowOptions } from './show-dead-letter.js';

/** `chorda dead-letters …`: what a consumer group has set aside, why, and sending it through again. */
export function deadLettersCommand(cli: CommandLine): Command {
  const deadLetters = new Command('dead-letters').description(
    'Messages that a consumer could not take: look at them, mend the cause, send them through again.\n' +
      'At the gateway, which shows those of your tenant as the read model has them; with --brokers in Kafka itself, of\n' +
      'every tenant, and those that name none.',
  );
  deadLetters.addCommand(listCommand(cli));
  deadLetters.addCommand(showCommand(cli));
  deadLetters.addCommand(redriveCommand(cli));
  return deadLetters;
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .summary('How many there are, of what, and why')
    .description('Dead letters, grouped by topic, consumer group and reason')
    .option('-t, --topic <name>', 'only of this topic')
    .option('-g, --group <name>', 'only of this consumer group')
    .option('--each', 'every dead letter instead of groups')
    .option('--brokers', 'work on Kafka itself')
    .option('--all', 'also those that were sent through again')
    .option('-n, --limit <count>', 'at most so many; with --brokers of each dead-letter topic', positiveNumber, 10_000)
    .addHelpText(
      'after',
      examples(
        ['chorda dead-letters list', 'How many, of what, and why'],
        ['chorda dead-letters list --topic agent.events --group projector.journal --each', 'One by one'],
      ),
    )
    .action(
      cli.action(async (context, options: ListOptions) => {
        const { listDeadLetters } = await import('./list-dead-letters.js');
        return listDeadLetters(context, options);
      }),
    );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .summary('One dead letter whole')
    .description('One dead letter whole: its error, its headers and the bytes it had')
    .requiredOption('-t, --topic <name>', 'the topic that the message was on')
    .requiredOption('-g, --group <name>', 'the consumer group that set it aside')
    .requiredOption('-p, --partition <number>', 'partition of the dead letter, from `list --each`', wholeNumber)
    .requiredOption('-o, --offset <number>', 'offset of the dead letter, from `list --each`', wholeNumber)
    .option('--brokers', 'work on Kafka itself')
    .addHelpText(
      'after',
      examples([
        'chorda dead-letters show -t agent.events -g projector.journal -p 0 -o 12',
        'The twelfth of partition 0',
      ]),
    )
    .action(
      cli.action(async (context, options: ShowOptions) => {
        const { showDeadLetter } = await import('./show-dead-letter.js');
        return showDeadLetter(context, options);
      }),
    );
}

function redriveCommand(cli: CommandLine): Command {
  return new Command('redrive')
    .summary('Send them through again')
    .description(
      'Send dead letters through again: to that consumer group alone, never to the source topic, ids kept. ' +
        'Asks first, unless --yes is given.',
    )
    .requiredOption('-t, --topic <name>', 'the topic that the messages were on')
    .requiredOption('-g, --group <name>', 'the consumer group that set them aside')
    .option('--reason <name>', 'only those that were set aside for this reason')
    .option('--brokers', 'work on Kafka itself')
    .option('-n, --limit <count>', 'at most so many', positiveNumber)
    .option('--rate <count>', 'at most so many a second', positiveNumber, 100)
    .option('--dry-run', 'say what would be sent and send nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        ['chorda dead-letters redrive -t agent.events -g projector.journal --dry-run', 'What would happen'],
        ['chorda dead-letters redrive -t agent.events -g projector.journal --yes', 'Do it'],
      ),
    )
    .action(
      cli.action(async (context, options: RedriveOptions) => {
        const { redriveDeadLetters } = await import('./redrive-dead-letters.js');
        return redriveDeadLetters(context, options);
      }),
    );
}
