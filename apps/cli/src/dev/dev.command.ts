import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

export function devCommand(cli: CommandLine): Command {
  return new Command('dev')
    .summary('Start everything on this machine (the same as npm start)')
    .description(
      'Start Kafka, the schema registry, Postgres, Redis and all of Chorda on this machine; Ctrl-C stops it. ' +
        'The same as `npm start`. A server given by environment (KAFKA_BROKERS and the others) is used instead.',
    )
    .addHelpText(
      'after',
      examples(
        ['chorda dev', 'Everything on this machine'],
        ['KAFKA_BROKERS=broker-1:9092 chorda dev', 'With a Kafka of your own'],
      ),
    )
    .action(
      cli.action(async (context) => {
        const { startDevelopment } = await import('./start-development.js');
        return startDevelopment(context);
      }),
    );
}
