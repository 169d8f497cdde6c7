import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { NextOptions, PreviewOptions, RulesOptions } from './schedule-actions.js';

/** What `chorda schedules` can do beside listing. */
export function scheduleCommands(cli: CommandLine): readonly Command[] {
  return [
    createCommand(cli),
    changeCommand(cli),
    pauseCommand(cli),
    resumeCommand(cli),
    deleteCommand(cli),
    nextCommand(cli),
    previewCommand(cli),
  ];
}

function withRules(command: Command): Command {
  return command
    .requiredOption('--cron <expression>', 'five parts, or six with seconds first, or @daily and the like')
    .option('--zone <name>', 'IANA name of the zone whose clock that is', 'UTC')
    .option('--at-version <n>', 'a stored version of the workflow; else the newest at each fire', positiveNumber)
    .option('--input <json>', 'what each run is given')
    .option('--title <text>', 'for people')
    .option('--user <id>', 'on whose behalf')
    .option('--overlap <rule>', 'while a run goes on: skip, buffer_one, allow, cancel_running', 'skip')
    .option('--catch-up <rule>', 'of fires that nobody was there for: all, latest', 'all')
    .option('--window <seconds>', 'how late a fire may be', positiveNumber, 60)
    .option('--jitter <seconds>', 'each fire waits for up to so long', positiveNumber);
}

function createCommand(cli: CommandLine): Command {
  const command = new Command('create').description('Start runs of a workflow at times of a clock');
  return withRules(command.argument('<workflow>', 'name of its definition'))
    .option('--id <id>', 'names the schedule')
    .addHelpText(
      'after',
      examples([
        'chorda schedules create report --id nightly --cron "30 2 * * *" --zone Europe/Berlin',
        'Each night at half past two in Berlin',
      ]),
    )
    .action(
      cli.action(async (context, workflow: string, options: RulesOptions & { id?: string }) => {
        const { createSchedule } = await import('./schedule-actions.js');
        return createSchedule(context, workflow, options);
      }),
    );
}

function changeCommand(cli: CommandLine): Command {
  const command = new Command('change')
    .description('Say all rules of a schedule anew')
    .argument('<id>', 'the schedule');
  return withRules(command.argument('<workflow>', 'name of its definition'))
    .addHelpText(
      'after',
      examples(['chorda schedules change nightly report --cron "0 3 * * *"', 'What is left out has its default']),
    )
    .action(
      cli.action(async (context, id: string, workflow: string, options: RulesOptions) => {
        const { changeSchedule } = await import('./schedule-actions.js');
        return changeSchedule(context, id, workflow, options);
      }),
    );
}

function pauseCommand(cli: CommandLine): Command {
  return new Command('pause')
    .description('Let a schedule rest; what runs goes on')
    .argument('<id>', 'the schedule')
    .option('--reason <text>', 'why')
    .addHelpText('after', examples(['chorda schedules pause nightly --reason holidays', 'Until it is resumed']))
    .action(
      cli.action(async (context, id: string, options: { reason?: string }) => {
        const { pauseSchedule } = await import('./schedule-actions.js');
        return pauseSchedule(context, id, options.reason);
      }),
    );
}

function resumeCommand(cli: CommandLine): Command {
  return new Command('resume')
    .description('Let a schedule go on; what it missed is not made good')
    .argument('<id>', 'the schedule')
    .addHelpText('after', examples(['chorda schedules resume nightly', 'From now on']))
    .action(
      cli.action(async (context, id: string) => {
        const { resumeSchedule } = await import('./schedule-actions.js');
        return resumeSchedule(context, id);
      }),
    );
}

function deleteCommand(cli: CommandLine): Command {
  return new Command('delete')
    .description('End a schedule; what runs goes on')
    .argument('<id>', 'the schedule')
    .addHelpText('after', examples(['chorda schedules delete nightly', 'It fires no more']))
    .action(
      cli.action(async (context, id: string) => {
        const { deleteSchedule } = await import('./schedule-actions.js');
        return deleteSchedule(context, id);
      }),
    );
}

function nextCommand(cli: CommandLine): Command {
  return new Command('next')
    .description('When a schedule fires next')
    .argument('<id>', 'the schedule')
    .option('-n, --count <count>', 'how many', positiveNumber, 10)
    .addHelpText('after', examples(['chorda schedules next nightly -n 3', 'By UTC and by the clock of its zone']))
    .action(
      cli.action(async (context, id: string, options: NextOptions) => {
        const { showNextFires } = await import('./schedule-actions.js');
        return showNextFires(context, id, options);
      }),
    );
}

function previewCommand(cli: CommandLine): Command {
  return new Command('preview')
    .description('When a cron expression would fire')
    .argument('<cron>', 'five parts, or six with seconds first, or @daily and the like')
    .option('--zone <name>', 'IANA name of the zone whose clock that is', 'UTC')
    .option('--after <time>', 'RFC 3339; else now')
    .option('-n, --count <count>', 'how many', positiveNumber, 10)
    .addHelpText(
      'after',
      examples([
        'chorda schedules preview "30 2 * * *" --zone Europe/Berlin --after 2027-03-26T00:00:00Z -n 4',
        'Over the night that has no half past two',
      ]),
    )
    .action(
      cli.action(async (context, cron: string, options: PreviewOptions) => {
        const { previewSchedule } = await import('./schedule-actions.js');
        return previewSchedule(context, cron, options);
      }),
    );
}
