import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { StartJobOptions } from './run-job-actions.js';

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** `chorda run-jobs`: the same told to many runs. */
export function runJobsCommand(cli: CommandLine): Command {
  const command = new Command('run-jobs').description('Pause, resume, cancel or retry all runs of a query');
  for (const own of [startCommand(cli), listCommand(cli), showCommand(cli), cancelCommand(cli)])
    command.addCommand(own);
  return command;
}

function startCommand(cli: CommandLine): Command {
  return new Command('start')
    .description('Begin to tell all runs of a query')
    .argument('<action>', 'pause, resume, cancel, retry')
    .option('-w, --where <field=value>', 'as of `runs list`; may repeat', collect, [])
    .option('--max <count>', 'tell so many at most', positiveNumber, 1_000)
    .option('--reason <text>', 'why')
    .option('--hard', 'of cancel: do not wait for what is under way')
    .option('--compensate', 'of cancel: undo what was done first')
    .option('--wait', 'until it has ended')
    .addHelpText(
      'after',
      examples([
        'chorda run-jobs start retry --where status=failed --where workflow_name=refund --wait',
        'All refunds that failed go on from what failed',
      ]),
    )
    .action(
      cli.action(async (context, action: string, options: StartJobOptions) => {
        const { startJob } = await import('./run-job-actions.js');
        return startJob(context, action, options);
      }),
    );
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .description('Jobs of the last 30 days, newest first')
    .addHelpText('after', examples(['chorda run-jobs list', 'With their progress']))
    .action(
      cli.action(async (context) => {
        const { listJobs } = await import('./run-job-actions.js');
        return listJobs(context);
      }),
    );
}

function showCommand(cli: CommandLine): Command {
  return new Command('show')
    .description('How far a job is, and what was refused')
    .argument('<id>', 'the job')
    .addHelpText('after', examples(['chorda run-jobs show JOB', 'Its report']))
    .action(
      cli.action(async (context, id: string) => {
        const { showJob } = await import('./run-job-actions.js');
        return showJob(context, id);
      }),
    );
}

function cancelCommand(cli: CommandLine): Command {
  return new Command('cancel')
    .description('Tell no further run')
    .argument('<id>', 'the job')
    .addHelpText('after', examples(['chorda run-jobs cancel JOB', 'What was told before stays']))
    .action(
      cli.action(async (context, id: string) => {
        const { cancelJob } = await import('./run-job-actions.js');
        return cancelJob(context, id);
      }),
    );
}
