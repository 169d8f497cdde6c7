import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

export function projectionsCommand(cli: CommandLine): Command {
  const projections = new Command('projections').description(
    'The tables that are made of the events, and how far each is',
  );
  projections
    .command('list')
    .description(
      'For each projection and topic: how many records it has passed, how far it is behind the log in records ' +
        'and seconds, which process holds it, and why it stopped where it did. Ends with 1 when one is stopped.',
    )
    .option('--partitions', 'a line for each partition; --json always has them')
    .addHelpText(
      'after',
      examples(
        ['chorda projections list', 'All of them'],
        [
          "chorda projections list --json | jq '[.projections[].partitions[].lag_events | tonumber] | add'",
          'Total lag',
        ],
      ),
    )
    .action(
      cli.action(async (context, options: { partitions?: boolean }) => {
        const { listProjections } = await import('./list-projections.js');
        return listProjections(context, options);
      }),
    );
  return projections;
}
