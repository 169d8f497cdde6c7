import { Command } from 'commander';
import { agentCommands, executionCommands } from '../agents/agents.command.js';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import { runCommands, taskCommands } from '../runs/runs.command.js';
import { scheduleCommands } from '../schedules/schedules.command.js';
import type { ListCommandOptions } from './list-items.js';
import type { UsageOptions } from './show-usage.js';

interface ReadModel {
  readonly name: 'agents' | 'executions' | 'runs' | 'steps' | 'tasks' | 'schedules';
  readonly what: string;
  readonly columns: readonly string[];
  readonly example: string;
}

const readModels: readonly ReadModel[] = [
  {
    name: 'agents',
    what: 'Agents with their state',
    columns: ['agent_id', 'state', 'name', 'executions_started', 'executions_failed', 'cost_usd', 'last_active'],
    example: 'state=READY',
  },
  {
    name: 'executions',
    what: 'Executions of agents',
    columns: ['execution_id', 'agent_id', 'status', 'started_at', 'execution_time_ms', 'cost_usd'],
    example: 'status=failed',
  },
  {
    name: 'runs',
    what: 'Runs of workflows',
    columns: ['workflow_id', 'workflow_name', 'status', 'started_at', 'execution_time_ms', 'steps_completed'],
    example: 'status=running',
  },
  {
    name: 'steps',
    what: 'Steps of runs with their timing',
    columns: ['workflow_id', 'step_id', 'step_type', 'status', 'queued_at', 'queue_time_ms', 'execution_time_ms'],
    example: 'status=failed',
  },
  {
    name: 'tasks',
    what: 'Tasks for people',
    columns: ['task_id', 'workflow_id', 'status', 'title', 'opened_at', 'due_at'],
    example: 'status=open',
  },
  {
    name: 'schedules',
    what: 'Schedules that start runs of workflows',
    columns: [
      'schedule_id',
      'status',
      'workflow_name',
      'cron',
      'time_zone',
      'next_fire_at',
      'fires',
      'running',
      'skips',
    ],
    example: 'status=active',
  },
];

/** `chorda agents|executions|runs|steps|tasks|schedules list` and `show`. */
export function readModelCommands(cli: CommandLine): readonly Command[] {
  return readModels.map((model) => {
    const more = model.name === 'steps' ? '' : ', and act on them';
    const command = new Command(model.name).description(`${model.what}: list and show${more}`);
    command.addCommand(listCommand(cli, model));
    if (model.name !== 'steps') command.addCommand(showCommand(cli, model));
    if (model.name === 'runs') command.addCommand(stepsCommand(cli));
    if (model.name === 'runs') for (const own of runCommands(cli)) command.addCommand(own);
    if (model.name === 'tasks') for (const own of taskCommands(cli)) command.addCommand(own);
    if (model.name === 'schedules') for (const own of scheduleCommands(cli)) command.addCommand(own);
    if (model.name === 'agents') for (const own of agentCommands(cli)) command.addCommand(own);
    if (model.name === 'executions') for (const own of executionCommands(cli)) command.addCommand(own);
    return command;
  });
}

function withListOptions(command: Command): Command {
  const collect = (value: string, known: readonly string[]) => [...known, value];
  return command
    .option(
      '-w, --where <field=value>',
      'field=value or field=op.value (eq, in, gt, gte, lt, lte); may repeat',
      collect,
      [],
    )
    .option('-s, --sort <field>', 'order, `-field` is descending')
    .option('-n, --limit <count>', 'at most so many', positiveNumber, 50)
    .option('--cursor <text>', 'go on where an earlier list ended')
    .option('--min-position <position>', 'the answer must have seen this write');
}

function listCommand(cli: CommandLine, { name, what, columns, example }: ReadModel): Command {
  return withListOptions(new Command('list').description(`${what}, newest first`))
    .addHelpText(
      'after',
      examples(
        [`chorda ${name} list`, 'The newest'],
        [`chorda ${name} list --where ${example} --json`, 'With a filter, as JSON'],
      ),
    )
    .action(
      cli.action(async (context, options: ListCommandOptions) => {
        const { listItems } = await import('./list-items.js');
        return listItems(context, { name, columns }, options);
      }),
    );
}

function showCommand(cli: CommandLine, { name, what }: ReadModel): Command {
  return new Command('show')
    .argument('<id>', 'its id')
    .description(`One of them whole, payloads included (${what.toLowerCase()})`)
    .option('--min-position <position>', 'the answer must have seen this write')
    .addHelpText(
      'after',
      examples(
        [`chorda ${name} show ID`, 'All that is known of it'],
        [`chorda ${name} show ID --json`, 'For programs'],
      ),
    )
    .action(
      cli.action(async (context, id: string, options: { minPosition?: string }) => {
        if (name === 'steps') return;
        const { showItem } = await import('./list-items.js');
        return showItem(context, name, id, options.minPosition);
      }),
    );
}

function stepsCommand(cli: CommandLine): Command {
  const columns = ['step_id', 'step_name', 'step_type', 'status', 'attempts', 'queue_time_ms', 'execution_time_ms'];
  return withListOptions(new Command('steps').argument('<id>', 'the run').description('The steps of one run'))
    .addHelpText('after', examples(['chorda runs steps RUN --sort queued_at', 'In the order they came']))
    .action(
      cli.action(async (context, id: string, options: ListCommandOptions) => {
        const { listItems } = await import('./list-items.js');
        return listItems(context, { name: 'steps', run: id, columns }, options);
      }),
    );
}

/** `chorda usage`: model calls, tokens and cost. */
export function usageCommand(cli: CommandLine): Command {
  return new Command('usage')
    .description('Model calls, tokens and cost, summed exactly')
    .option('-b, --by <groups>', 'tenant, agent, workflow, provider, model, hour, day; several by commas', 'model')
    .option('--since <time>', 'from this time, or an age such as 24h', '24h')
    .option('--until <time>', 'before this time, or an age')
    .option('--agent <id>', 'of this agent alone')
    .option('--model <name>', 'of this model alone')
    .option('-n, --limit <count>', 'groups at most', positiveNumber, 100)
    .addHelpText(
      'after',
      examples(
        ['chorda usage --by model', 'The last day by model'],
        ['chorda usage --by day,model --since 30d', 'A month'],
      ),
    )
    .action(
      cli.action(async (context, options: UsageOptions) => {
        const { showUsage } = await import('./show-usage.js');
        return showUsage(context, options);
      }),
    );
}

/** `chorda correlation ID`: what belongs together. */
export function correlationCommand(cli: CommandLine): Command {
  return new Command('correlation')
    .argument('<id>', 'a correlation id')
    .description('Everything with one correlation id, causes before effects, across topics')
    .option('-n, --limit <count>', 'at most so many', positiveNumber, 100)
    .addHelpText('after', examples(['chorda correlation ID', 'The story']))
    .action(
      cli.action(async (context, id: string, options: { limit: number }) => {
        const { tellCorrelation } = await import('./tell-correlation.js');
        return tellCorrelation(context, id, options.limit);
      }),
    );
}
