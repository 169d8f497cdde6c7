import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

export function applyCommand(cli: CommandLine): Command {
  return new Command('apply')
    .summary('Make the tables, topics and schemas that are missing')
    .description(
      'Make everything that Chorda expects of its servers: tables in Postgres, topics in Kafka, schemas in the ' +
        'registry. What is there already stays as it is, so it is safe to run before every start. The services never ' +
        'make any of it themselves. `npm start` does the same.',
    )
    .addHelpText('after', examples(['chorda apply', 'Before the first start of a version']))
    .action(
      cli.action(async (context) => {
        const { applyEverything } = await import('./apply-everything.js');
        return applyEverything(context);
      }),
    );
}
