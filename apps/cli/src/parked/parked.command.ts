import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { DiscardOptions, ListOptions, RetryOptions } from './settle-parked.js';

/** `chorda parked …`: what projections could not apply, why, and settling it. */
export function parkedCommand(cli: CommandLine): Command {
  const parked = new Command('parked').description(
    'Events that a projection could not apply: look at them, mend the cause, apply them or give them up',
  );
  parked.addCommand(listCommand(cli));
  parked.addCommand(showCommand(cli));
  parked.addCommand(retryCommand(cli));
  parked.addCommand(discardCommand(cli));
  return parked;
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .summary('How many there are, of what, and why')
    .description('Parked sequences of a projection, grouped by cause')
    .argument('<projection>', 'name of the projection, from `chorda projections list`')
    .option('--each', 'every sequence instead of groups')
    .option('--fingerprint <text>', 'only of this cause')
    .option('-n, --limit <count>', 'at most so many with --each', positiveNumber, 100)
    .addHelpText(
      'after',
      examples(
        ['chorda parked list agents', 'How many, of what, and why'],
        ['chorda parked list agents --each', 'One by one'],
      ),
    )
    .action(
      cli.action(async (context, projection: string, options: ListOptions) => {
        const { listParked } = await import('./settle-parked.js');
        return listParked(context, projection, options);
      }),
    );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .summary('One sequence whole')
    .description('One parked sequence: its error, and its events in order with headers and bytes')
    .argument('<projection>', 'name of the projection')
    .argument('<id>', 'of the sequence, from `list --each`')
    .option('-n, --limit <count>', 'at most so many events', positiveNumber, 20)
    .addHelpText(
      'after',
      examples(['chorda parked show agents 5b3a1c0f9d2e4a675b3a1c0f9d2e4a67', 'What waits, and why']),
    )
    .action(
      cli.action(async (context, projection: string, id: string, options: { limit: number }) => {
        const { showParked } = await import('./settle-parked.js');
        return showParked(context, projection, id, options);
      }),
    );
}

function retryCommand(cli: CommandLine): Command {
  return new Command('retry')
    .summary('Apply them')
    .description(
      'Apply a parked sequence in its order, up to the next event that fails. Ends with 1 when it is stuck there.',
    )
    .argument('<projection>', 'name of the projection')
    .argument('[id]', 'of the sequence; left out with --all')
    .option('--all', 'every sequence of the projection')
    .option('--fingerprint <text>', 'every sequence of this cause')
    .option('--wait <ms>', 'how long to wait for the end of one', positiveNumber, 10_000)
    .addHelpText(
      'after',
      examples(
        ['chorda parked retry agents 5b3a1c0f9d2e4a675b3a1c0f9d2e4a67', 'One of them'],
        ['chorda parked retry agents --all', 'All of them, once a mended version runs'],
      ),
    )
    .action(
      cli.action(async (context, projection: string, id: string | undefined, options: RetryOptions) => {
        const { retryParked } = await import('./settle-parked.js');
        return retryParked(context, projection, id, options);
      }),
    );
}

function discardCommand(cli: CommandLine): Command {
  return new Command('discard')
    .summary('Give them up')
    .description(
      'Give parked events up for good: the projection and every rebuild of it leave them out. The log keeps them, and ' +
        'system.parked_discarded tells who decided and why.',
    )
    .argument('<projection>', 'name of the projection')
    .argument('<id>', 'of the sequence, from `list --each`')
    .requiredOption('--reason <text>', 'why, for whoever reads it later')
    .option('--through <offset>', 'up to this event; the rest is applied. Left out: all that wait')
    .option('--gap', 'give up the versions that are missing, and no event')
    .addHelpText(
      'after',
      examples(
        ["chorda parked discard agents 5b3a… --reason 'sent by a load test'", 'All that wait'],
        ["chorda parked discard agents 5b3a… --through 4711 --reason 'twice the same form'", 'The first events alone'],
      ),
    )
    .action(
      cli.action(async (context, projection: string, id: string, options: DiscardOptions) => {
        const { discardParked } = await import('./settle-parked.js');
        return discardParked(context, projection, id, options);
      }),
    );
}
