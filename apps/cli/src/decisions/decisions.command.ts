import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

/** `chorda decisions …`: the tables of the decision engine. */
export function decisionsCommand(cli: CommandLine): Command {
  const decisions = new Command('decisions').description('The decision engine: what became of commands');
  decisions.addCommand(restoreCommand(cli));
  return decisions;
}

function restoreCommand(cli: CommandLine): Command {
  return new Command('restore')
    .description(
      "Brings the engine's tables up to its event topics: streams, timers, outcomes of accepted commands, and where the\n" +
        'command topics go on. Empty tables are made anew; what is in them already is not changed. Refusals are in no log:\n' +
        'a command that was refused is decided anew when it is given again.',
    )
    .addHelpText(
      'after',
      examples(['chorda decisions restore', 'After the database was lost, or put back to a backup']),
    )
    .action(
      cli.action(async (context) => {
        const { restoreFromLog } = await import('./restore.js');
        return restoreFromLog(context);
      }),
    );
}
