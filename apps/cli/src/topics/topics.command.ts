import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { ApplyOptions } from './apply-topics.js';

/** `chorda topics …`: the topic catalogue, and making Kafka look like it. */
export function topicsCommand(cli: CommandLine): Command {
  const topics = new Command('topics').description('The topics that events live on, as the catalogue wants them');
  topics.addCommand(listCommand(cli));
  topics.addCommand(showCommand(cli));
  topics.addCommand(applyCommand(cli));
  return topics;
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .description('Every topic of the catalogue: its key, its partitions, how long it is kept')
    .option('--gateway', 'as the brokers have them, with how much they hold')
    .addHelpText('after', examples(['chorda topics list', 'The catalogue; no server is asked']))
    .action(
      cli.action(async (context, options: { readonly gateway?: boolean }) => {
        if (options.gateway === true) {
          const { listBrokerTopics } = await import('./gateway-topics.js');
          return listBrokerTopics(context);
        }
        const { listTopics } = await import('./list-topics.js');
        return listTopics(context);
      }),
    );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .description('One topic as the brokers have it: partitions, offsets, and the lag of each projection that reads it')
    .argument('<name>', 'its name')
    .addHelpText('after', examples(['chorda topics show agent.events', 'How much it holds']))
    .action(
      cli.action(async (context, name: string) => {
        const { showTopic } = await import('./gateway-topics.js');
        return showTopic(context, name);
      }),
    );
}

function applyCommand(cli: CommandLine): Command {
  return new Command('apply')
    .description(
      'Makes the topics that are missing and corrects settings that differ. A topic with another number of partitions\n' +
        'is refused before anything is changed: its keys would move.',
    )
    .option(
      '--replication-factor <count>',
      "copies of topics that are made (default: the broker's own)",
      positiveNumber,
    )
    .option('--dry-run', 'say what would be done and do nothing')
    .addHelpText('after', examples(['chorda topics apply --dry-run', 'See what differs']))
    .action(
      cli.action(async (context, options: ApplyOptions) => {
        const { applyCatalogue } = await import('./apply-topics.js');
        return applyCatalogue(context, options);
      }),
    );
}
