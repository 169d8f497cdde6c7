import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { CreateTriggerOptions } from './trigger-actions.js';

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** `chorda triggers`: runs that start when something happens. */
export function triggersCommand(cli: CommandLine): Command {
  const command = new Command('triggers').description('Start runs of workflows when something happens');
  command.addCommand(createCommand(cli));
  command.addCommand(listCommand(cli));
  for (const act of acts) command.addCommand(actCommand(cli, act));
  return command;
}

function createCommand(cli: CommandLine): Command {
  return new Command('create')
    .description('By events, where topics are named; else by POST to a secret address, which is shown once')
    .argument('<workflow>', 'name of its definition')
    .option('--id <id>', 'names the trigger')
    .option('--topic <name>', 'whose events start runs; may repeat', collect, [])
    .option('--filter <cel>', 'over `event`, or over `body` and `query`')
    .option('--input <cel>', 'what the run is given; else the event, or the body')
    .option('--at-version <n>', 'a stored version; else the newest', positiveNumber)
    .option('--title <text>', 'for people')
    .option('--signed', 'of a secret address: messages have to be signed after Standard Webhooks')
    .addHelpText(
      'after',
      examples(
        [
          'chorda triggers create refund --id refunds --topic external.webhook --filter \'event.data.event_name == "refund"\' --input event.data.body',
          'A run for each such event, from now on',
        ],
        ['chorda triggers create refund --id shop --signed', 'A secret address, for signed messages'],
      ),
    )
    .action(
      cli.action(async (context, workflow: string, options: CreateTriggerOptions) => {
        const { createTrigger } = await import('./trigger-actions.js');
        return createTrigger(context, workflow, options);
      }),
    );
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .description('All of them')
    .addHelpText('after', examples(['chorda triggers list', 'With what came of them']))
    .action(
      cli.action(async (context) => {
        const { listTriggers } = await import('./trigger-actions.js');
        return listTriggers(context);
      }),
    );
}

const acts = [
  { name: 'show', what: 'One of them, and what came of it' },
  { name: 'pause', what: 'What happens meanwhile starts nothing' },
  { name: 'resume', what: 'It waits again' },
  { name: 'delete', what: 'Its id is not used again' },
] as const;

function actCommand(cli: CommandLine, { name, what }: (typeof acts)[number]): Command {
  return new Command(name)
    .description(what)
    .argument('<id>', 'the trigger')
    .addHelpText('after', examples([`chorda triggers ${name} refunds`, what]))
    .action(
      cli.action(async (context, id: string) => {
        const { actOnTrigger } = await import('./trigger-actions.js');
        return actOnTrigger(context, name, id);
      }),
    );
}
