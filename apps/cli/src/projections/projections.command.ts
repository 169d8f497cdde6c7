import { Command } from 'commander';
import type { RebuildAction } from '@chorda/client';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { RebuildCommandOptions } from './rebuild-projection.js';

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
  projections.addCommand(rebuildCommand(cli));
  projections
    .command('status')
    .description('The newest rebuild of a projection')
    .argument('<projection>', 'its name, as in `chorda projections list`')
    .option('--watch', 'follow it until a person has to decide')
    .action(
      cli.action(async (context, projection: string, options: { watch?: boolean }) => {
        const { showRebuild, watchRebuild } = await import('./rebuild-projection.js');
        return options.watch === true ? watchRebuild(context, projection) : showRebuild(context, projection);
      }),
    );
  for (const [action, description] of rebuildActions) projections.addCommand(actionCommand(cli, action, description));
  return projections;
}

const rebuildActions: readonly (readonly [RebuildAction, string])[] = [
  ['cancel', 'End a rebuild before its swap: the new tables go'],
  ['resume', 'Let a rebuild that has failed go on where it stands'],
  ['swap', 'Let readers see the new tables, also where they differ from the old'],
  ['swap-back', 'Let readers see the old tables again'],
  ['drop-old', 'Drop the tables that readers do not see'],
];

function rebuildCommand(cli: CommandLine): Command {
  return new Command('rebuild')
    .summary('Fill new tables of a projection from the log, beside the live ones')
    .description(
      'Fill new tables of a projection from the start of the log, beside the live ones, compare both, and let readers ' +
        'see the new ones where they hold the same. Follows it with a bar; Ctrl-C ends the watching, not the rebuild. ' +
        'Ends with 1 when it has failed or found other rows. Needs a key with deployment:operate.',
    )
    .argument('<projection>', 'its name, as in `chorda projections list`')
    .option('--manual', 'do not swap by itself: wait for `chorda projections swap`')
    .option('--rate <events>', 'events a second at most', positiveNumber)
    .option('--connections <number>', 'partitions at once at most', positiveNumber)
    .option('--detach', 'do not follow it')
    .addHelpText(
      'after',
      examples(
        [
          'chorda projections rebuild executions',
          'Prove that the rows are what the log says, and take new tables over',
        ],
        ['chorda projections rebuild journal --rate 20000 --detach', 'A large one, slowly'],
      ),
    )
    .action(
      cli.action(async (context, projection: string, options: RebuildCommandOptions) => {
        const { rebuildProjection } = await import('./rebuild-projection.js');
        return rebuildProjection(context, projection, options);
      }),
    );
}

function actionCommand(cli: CommandLine, action: RebuildAction, description: string): Command {
  return new Command(action)
    .description(description)
    .argument('<projection>', 'its name, as in `chorda projections list`')
    .action(
      cli.action(async (context, projection: string) => {
        const { actOnRebuild } = await import('./rebuild-projection.js');
        return actOnRebuild(context, projection, action);
      }),
    );
}
