import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';

/** `chorda system`: the services as they report of themselves. */
export function systemCommand(cli: CommandLine): Command {
  return new Command('system').description('The services that report of themselves, and how they are').action(
    cli.action(async (context) => {
      const { showSystem } = await import('./show-system.js');
      return showSystem(context);
    }),
  );
}

/** `chorda metrics`: what happened in the last minutes. */
export function metricsCommand(cli: CommandLine): Command {
  return new Command('metrics')
    .description('Rates of the last minutes, shares of errors, services and projections')
    .option('--minutes <count>', 'how far back', positiveNumber)
    .addHelpText('after', examples(['chorda metrics --minutes 15 --json', 'The last quarter of an hour']))
    .action(
      cli.action(async (context, options: { readonly minutes?: number }) => {
        const { showMetrics } = await import('./show-system.js');
        return showMetrics(context, options.minutes);
      }),
    );
}
