import { Command } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type {
  AboutExecution,
  CreateOptions,
  ExecuteOptions,
  HistoryOptions,
  SettleOptions,
  StateOptions,
} from './command-actions.js';
import { memoryCommand } from './memory.command.js';

const actions = () => import('./command-actions.js');
const agent = 'AGENT-20261121-093000-0001-7F3A';
const collect = (value: string, known: readonly string[]) => [...known, value];

/** `chorda agents create|validate|execute|terminate|delete|history|state|memory`. */
export function agentCommands(cli: CommandLine): readonly Command[] {
  return [
    createCommand(cli),
    new Command('validate')
      .description('Initialise and check an agent anew')
      .argument('<id>', 'the agent')
      .addHelpText('after', examples([`chorda agents validate ${agent}`, 'After a tool that was missing has come']))
      .action(cli.action(async (context, id: string) => (await actions()).validateAgent(context, id))),
    executeCommand(cli),
    new Command('terminate')
      .description('Take an agent out of service for good; what it runs is cancelled')
      .argument('<id>', 'the agent')
      .option('--reason <text>', 'why')
      .addHelpText('after', examples([`chorda agents terminate ${agent} --reason replaced`, 'For good']))
      .action(
        cli.action(async (context, id: string, options: AboutExecution) => {
          return (await actions()).terminateAgent(context, id, options);
        }),
      ),
    new Command('delete')
      .description('Remove an agent that runs nothing; its history stays')
      .argument('<id>', 'the agent')
      .addHelpText('after', examples([`chorda agents delete ${agent}`, 'Its history stays']))
      .action(cli.action(async (context, id: string) => (await actions()).deleteAgent(context, id))),
    historyCommand(cli, 'agents'),
    stateCommand(cli, 'agents'),
    memoryCommand(cli),
  ];
}

/** `chorda executions cancel|retry|settle|history|state`. */
export function executionCommands(cli: CommandLine): readonly Command[] {
  return [
    new Command('cancel')
      .description('Stop an execution; twice is once')
      .argument('<id>', 'the execution')
      .option('--agent <id>', 'its agent; left out, the read model says it')
      .option('--reason <text>', 'why')
      .addHelpText('after', examples(['chorda executions cancel ID --reason mistake', 'Stop it']))
      .action(
        cli.action(async (context, id: string, options: AboutExecution) => {
          return (await actions()).cancelExecution(context, id, options);
        }),
      ),
    new Command('retry')
      .description('Go on where an execution that failed or was cancelled had come to, as a new one')
      .argument('<id>', 'the execution that ended')
      .option('--agent <id>', 'its agent; left out, the read model says it')
      .addHelpText('after', examples(['chorda executions retry ID', 'No stored answer is asked for again']))
      .action(
        cli.action(async (context, id: string, options: AboutExecution) => {
          return (await actions()).retryExecution(context, id, options);
        }),
      ),
    settleCommand(cli),
    historyCommand(cli, 'executions'),
    stateCommand(cli, 'executions'),
  ];
}

/** `chorda commands show`: what became of a command. */
export function commandsCommand(cli: CommandLine): Command {
  const command = new Command('commands').description('What became of commands that nobody waited for');
  return command.addCommand(
    new Command('show')
      .description('What a command came to, for at least seven days')
      .argument('<id>', 'its command_id')
      .addHelpText('after', examples(['chorda commands show ID', 'Its outcome']))
      .action(cli.action(async (context, id: string) => (await actions()).showCommand(context, id))),
  );
}

function createCommand(cli: CommandLine): Command {
  return new Command('create')
    .description('Create an agent: it is initialised, validated and then READY')
    .requiredOption('--name <text>', 'name for people')
    .option('--id <id>', 'its id; left out, AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX')
    .option('--tool <name>', 'a tool that it may call; may repeat', collect, [])
    .option('--capability <name>', 'TEXT_PROCESSING, DOCUMENT_ANALYSIS, …; may repeat', collect, [])
    .option('--model <name>', 'model to ask')
    .option('--instructions <text>', 'what the model is told before everything else')
    .option('--concurrency <count>', 'executions at once', positiveNumber)
    .addHelpText('after', examples(["chorda agents create --name Desk --instructions 'Be brief.'", 'An agent']))
    .action(cli.action(async (context, options: CreateOptions) => (await actions()).createAgent(context, options)));
}

function executeCommand(cli: CommandLine): Command {
  return new Command('execute')
    .description('Start an execution; `chorda executions show` has its end')
    .argument('<id>', 'the agent')
    .option('-d, --data <json>', 'what goes in, as JSON')
    .option('-t, --text <text>', 'what goes in, as text')
    .option('--session <id>', 'the conversation that it belongs to')
    .option('--user <id>', 'on whose behalf')
    .addHelpText('after', examples([`chorda agents execute ${agent} --text 'Where is parcel 4711?'`, 'Ask it']))
    .action(
      cli.action(async (context, id: string, options: ExecuteOptions) => {
        return (await actions()).executeAgent(context, id, options);
      }),
    );
}

function settleCommand(cli: CommandLine): Command {
  return new Command('settle')
    .description('Say what a tool call of unknown outcome came to, or what is to follow')
    .argument('<id>', 'the execution')
    .argument('<incident>', 'the incident, from `chorda executions state`')
    .requiredOption('--as <what>', 'completed, failed, repeat or abort')
    .option('--output <json>', 'what the tool gave, where it was done')
    .option('--agent <id>', 'its agent; left out, the read model says it')
    .option('--reason <text>', 'why')
    .addHelpText(
      'after',
      examples(['chorda executions settle ID INCIDENT --as completed --output \'{"receipt":7}\'', 'It was done']),
    )
    .action(
      cli.action(async (context, id: string, incident: string, options: SettleOptions) => {
        return (await actions()).settleIncident(context, id, incident, options);
      }),
    );
}

function historyCommand(cli: CommandLine, of: 'agents' | 'executions'): Command {
  const command = new Command('history')
    .description('Every decision about it, in order')
    .argument('<id>', 'its id')
    .option('--after <version>', 'behind this version')
    .option('-n, --limit <count>', 'at most so many', positiveNumber, 100);
  if (of === 'executions') command.option('--agent <id>', 'its agent; left out, the read model says it');
  return command.addHelpText('after', examples([`chorda ${of} history ID`, 'From the first'])).action(
    cli.action(async (context, id: string, options: HistoryOptions) => {
      return (await actions()).showHistory(context, of, id, options);
    }),
  );
}

function stateCommand(cli: CommandLine, of: 'agents' | 'executions'): Command {
  const command = new Command('state')
    .description('As its decisions leave it: now, at a version, or at a moment')
    .argument('<id>', 'its id')
    .option('--at-version <count>', 'after so many events')
    .option('--at <time>', 'as it was then, RFC 3339');
  if (of === 'executions') command.option('--agent <id>', 'its agent; left out, the read model says it');
  return command.addHelpText('after', examples([`chorda ${of} state ID --at-version 3`, 'As it was'])).action(
    cli.action(async (context, id: string, options: StateOptions) => {
      return (await actions()).showState(context, of, id, options);
    }),
  );
}
