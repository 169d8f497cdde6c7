import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type {
  EndOptions,
  ForkOptions,
  HistoryOptions,
  PlanOptions,
  RetryOptions,
  SignalOptions,
  StartOptions,
  TaskOptions,
} from './run-actions.js';

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** What `chorda runs` can do beside listing. */
export function runCommands(cli: CommandLine): readonly Command[] {
  return [
    startCommand(cli),
    signalCommand(cli),
    pauseCommand(cli),
    resumeCommand(cli),
    cancelCommand(cli),
    retryCommand(cli),
    forkCommand(cli),
    historyCommand(cli),
    planCommand(cli),
    reportCommand(cli),
  ];
}

/** What `chorda tasks` can do beside listing. */
export function taskCommands(cli: CommandLine): readonly Command[] {
  return [claimCommand(cli), decideCommand(cli)];
}

function startCommand(cli: CommandLine): Command {
  return new Command('start')
    .description('Start a run of a workflow')
    .argument('<workflow>', 'name of its definition')
    .option('--input <json>', 'what goes in; more than 64 KiB is kept by reference')
    .option('--key <key>', 'start it once for this key')
    .option('--at-version <n>', 'a stored version; else the newest', positiveNumber)
    .option('--user <id>', 'on whose behalf')
    .option('--wait', 'follow it to its end, and show its report; ends with 1 where it did not complete')
    .option('--timeout <seconds>', 'with --wait: how long', positiveNumber, 600)
    .addHelpText(
      'after',
      examples(
        ['chorda runs start refund --input \'{"order":7}\' --key order-7', 'Once for order 7'],
        ['chorda runs start refund --input \'{"order":7}\' --wait', 'And see each step until it has ended'],
      ),
    )
    .action(
      cli.action(async (context, workflow: string, options: StartOptions) => {
        const { startRun } = await import('./run-actions.js');
        return startRun(context, workflow, options);
      }),
    );
}

function signalCommand(cli: CommandLine): Command {
  return new Command('signal')
    .description('Tell a run of something that it waits for, or will wait for')
    .argument('<id>', 'the run')
    .argument('<name>', 'what it waits for it by')
    .option('--key <key>', 'what waits are correlated by')
    .option('--data <json>', 'what it says, at most 64 KiB')
    .addHelpText('after', examples(['chorda runs signal RUN payment --key 7', 'Kept until a step takes it']))
    .action(
      cli.action(async (context, id: string, name: string, options: SignalOptions) => {
        const { signalRun } = await import('./run-actions.js');
        return signalRun(context, id, name, options);
      }),
    );
}

function pauseCommand(cli: CommandLine): Command {
  return new Command('pause')
    .description('Let nothing new begin in a run')
    .argument('<id>', 'the run')
    .option('--reason <text>', 'why')
    .addHelpText('after', examples(['chorda runs pause RUN --reason "bank is away"', 'What is under way may end']))
    .action(
      cli.action(async (context, id: string, options: EndOptions) => {
        const { pauseRun } = await import('./run-actions.js');
        return pauseRun(context, id, options);
      }),
    );
}

function resumeCommand(cli: CommandLine): Command {
  return new Command('resume')
    .description('Let a paused run go on')
    .argument('<id>', 'the run')
    .addHelpText('after', examples(['chorda runs resume RUN', 'Its time is lengthened by the pause']))
    .action(
      cli.action(async (context, id: string) => {
        const { resumeRun } = await import('./run-actions.js');
        return resumeRun(context, id);
      }),
    );
}

function cancelCommand(cli: CommandLine): Command {
  return new Command('cancel')
    .description('End a run: what is under way is asked to stop')
    .argument('<id>', 'the run')
    .option('--reason <text>', 'why')
    .option('--hard', 'wait for nothing')
    .option('--compensate', 'undo what was done first')
    .addHelpText('after', examples(['chorda runs cancel RUN --compensate', 'Undone, the latest first']))
    .action(
      cli.action(async (context, id: string, options: EndOptions) => {
        const { cancelRun } = await import('./run-actions.js');
        return cancelRun(context, id, options);
      }),
    );
}

function retryCommand(cli: CommandLine): Command {
  return new Command('retry')
    .description('Go on from the steps that failed, or say what became of them')
    .argument('<id>', 'the run')
    .option('--step <id>', 'one step; else all that failed')
    .option('--as <resolution>', 'repeat, completed or failed', 'repeat')
    .option('--output <json>', 'of a step that is found completed; more than 64 KiB is kept by reference')
    .option('--reason <text>', 'why')
    .addHelpText('after', examples(['chorda runs retry RUN', 'Everything that failed, once more']))
    .action(
      cli.action(async (context, id: string, options: RetryOptions) => {
        const { retryRun } = await import('./run-actions.js');
        return retryRun(context, id, options);
      }),
    );
}

function forkCommand(cli: CommandLine): Command {
  return new Command('fork')
    .description('Begin another run where a run stood, with what you change')
    .argument('<id>', 'the run')
    .option('--at-version <n>', 'version of its stream; else now')
    .option('--input <json>', 'in place of what it began with')
    .option('--context <json>', 'in place of its context')
    .option('--rerun <step>', 'a step that is done anew, with all that needs it; again for more', collect, [])
    .addHelpText('after', examples(['chorda runs fork RUN --rerun total', 'All before it stays done']))
    .action(
      cli.action(async (context, id: string, options: ForkOptions) => {
        const { forkRun } = await import('./run-actions.js');
        return forkRun(context, id, options);
      }),
    );
}

function historyCommand(cli: CommandLine): Command {
  return new Command('history')
    .description('Every decision about a run, in order')
    .argument('<id>', 'the run')
    .option('--after <version>', 'behind this version')
    .option('-n, --limit <n>', 'how many', positiveNumber, 100)
    .option('--branch <id>', 'a nested flow, as each[17]')
    .addHelpText('after', examples(['chorda runs history RUN', 'From its start on']))
    .action(
      cli.action(async (context, id: string, options: HistoryOptions) => {
        const { showRunHistory } = await import('./run-actions.js');
        return showRunHistory(context, id, options);
      }),
    );
}

function planCommand(cli: CommandLine): Command {
  return new Command('plan')
    .description('What a run does, in phases, and how far each step has come')
    .argument('<id>', 'the run')
    .option('-f, --follow', 'show each step as it comes and goes until the run ends, and then its report')
    .option('--timeout <seconds>', 'with --follow: how long', positiveNumber, 600)
    .addHelpText(
      'after',
      examples(
        ['chorda runs plan RUN', 'As it stands now, straight from the engine'],
        ['chorda runs plan RUN --follow', 'Until it ends'],
      ),
    )
    .action(
      cli.action(async (context, id: string, options: PlanOptions) => {
        const { showRunPlan } = await import('./run-actions.js');
        return showRunPlan(context, id, options);
      }),
    );
}

function reportCommand(cli: CommandLine): Command {
  return new Command('report')
    .description('What a run came to: results, successes, errors')
    .argument('<id>', 'the run')
    .addHelpText('after', examples(['chorda runs report RUN', 'As far as it has come']))
    .action(
      cli.action(async (context, id: string) => {
        const { showRunReport } = await import('./run-actions.js');
        return showRunReport(context, id);
      }),
    );
}

function claimCommand(cli: CommandLine): Command {
  return new Command('claim')
    .description('Take a task upon somebody, or give it back')
    .argument('<id>', 'the task')
    .option('--user <id>', 'who')
    .option('--group <name>', 'a group of theirs; again for more', collect, [])
    .option('--release', 'give it back')
    .addHelpText(
      'after',
      examples(
        ['chorda tasks list --where status=open', 'What waits for people'],
        ['chorda tasks claim TASK --user ada', 'Nobody else decides it then'],
      ),
    )
    .action(
      cli.action(async (context, id: string, options: TaskOptions) => {
        const { claimTask } = await import('./run-actions.js');
        return claimTask(context, id, options);
      }),
    );
}

function decideCommand(cli: CommandLine): Command {
  return new Command('decide')
    .description('Answer a task')
    .argument('<id>', 'the task')
    .argument('<answer>', 'approved, rejected or submitted')
    .option('--user <id>', 'who')
    .option('--group <name>', 'a group of theirs; again for more', collect, [])
    .option('--form <json>', 'what was entered')
    .option('--comment <text>', 'what else is to be said')
    .addHelpText(
      'after',
      examples(
        ['chorda tasks decide TASK approved --user ada', 'The run goes on'],
        ['chorda tasks decide TASK submitted --user ada --form \'{"limit":500}\'', 'Of a task with a form'],
      ),
    )
    .action(
      cli.action(async (context, id: string, decided: string, options: TaskOptions) => {
        const { decideTask } = await import('./run-actions.js');
        return decideTask(context, id, decided, options);
      }),
    );
}
