import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { CommandLine, examples, type Streams } from './command-line/command-line.js';
import { exitCodes, type ExitCode } from './command-line/exit-codes.js';
import { commandsCommand } from './agents/agents.command.js';
import { applyCommand } from './apply/apply.command.js';
import { backupCommand } from './backup/backup.command.js';
import { payloadsCommand } from './payloads/payloads.command.js';
import { decisionsCommand } from './decisions/decisions.command.js';
import { deadLettersCommand } from './dead-letters/dead-letters.command.js';
import { demoCommand } from './demo/demo.command.js';
import { devCommand } from './dev/dev.command.js';
import { doctorCommand } from './doctor/doctor.command.js';
import { eventsCommand } from './events/events.command.js';
import { inferenceCommand } from './inference/inference.command.js';
import { keysCommand } from './keys/keys.command.js';
import { parkedCommand } from './parked/parked.command.js';
import { projectionsCommand } from './projections/projections.command.js';
import { correlationCommand, readModelCommands, usageCommand } from './read-models/read-models.command.js';
import { schemasCommand } from './schemas/schemas.command.js';
import { metricsCommand, systemCommand } from './system/system.command.js';
import { tenantsCommand } from './tenants/tenants.command.js';
import { toolsCommand } from './tools/tools.command.js';
import { topicsCommand } from './topics/topics.command.js';
import { runJobsCommand } from './run-jobs/run-jobs.command.js';
import { triggersCommand } from './triggers/triggers.command.js';
import { workflowsCommand } from './workflows/workflows.command.js';

const introduction =
  'Chorda is an event backbone for AI agents on Apache Kafka: systems send events into it, projections make tables ' +
  'of them, and everybody can query the tables or watch the events live.\n\n' +
  'Run `npm start` in the repository first; the commands below find it by themselves. To talk to another Chorda, set ' +
  'CHORDA_URL and CHORDA_API_KEY.';

const afterword = `${examples(
  [
    'chorda events send external.webhook -d \'{"user_id":"user-7","provider":"me","event_name":"hello","body":"hi"}\'',
    'Send an event',
  ],
  ['chorda events tail --type "agent.*"', 'Watch events live'],
  ['chorda doctor', 'Check this machine and every server'],
)}

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 conflict,
5 a server cannot be reached.`;

/** Runs one command line and answers the exit code. It never throws and never exits. */
export async function runChorda(args: readonly string[], cli: CommandLine): Promise<ExitCode> {
  try {
    await buildProgram(cli).parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) cli.fail(error);
    // Help and --version leave commander by the same door, with 0.
    else cli.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  return cli.exitCode;
}

export function buildProgram(cli: CommandLine): Command {
  const program = new Command('chorda')
    .description(introduction)
    .version('0.1.0', '-V, --version', 'print the version')
    .option('--json', 'results as JSON on stdout (one document, or one a line from commands that stream)')
    .option('-q, --quiet', 'no notes on stderr')
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .addHelpText('after', afterword);

  program.commandsGroup('Start and check:');
  program.addCommand(devCommand(cli));
  program.addCommand(doctorCommand(cli));
  program.addCommand(demoCommand(cli));
  program.commandsGroup('Events:');
  program.addCommand(eventsCommand(cli));
  program.addCommand(correlationCommand(cli));
  program.commandsGroup('Read models:');
  for (const command of readModelCommands(cli)) program.addCommand(command);
  program.addCommand(usageCommand(cli));
  program.addCommand(commandsCommand(cli));
  program.addCommand(workflowsCommand(cli));
  program.addCommand(triggersCommand(cli));
  program.addCommand(runJobsCommand(cli));
  program.addCommand(inferenceCommand(cli));
  program.commandsGroup('Operate:');
  program.addCommand(projectionsCommand(cli));
  program.addCommand(parkedCommand(cli));
  program.addCommand(deadLettersCommand(cli));
  program.addCommand(decisionsCommand(cli));
  program.addCommand(backupCommand(cli));
  program.addCommand(payloadsCommand(cli));
  program.addCommand(toolsCommand(cli));
  program.addCommand(topicsCommand(cli));
  program.addCommand(schemasCommand(cli));
  program.addCommand(keysCommand(cli));
  program.addCommand(tenantsCommand(cli));
  program.addCommand(systemCommand(cli));
  program.addCommand(metricsCommand(cli));
  program.addCommand(applyCommand(cli));
  return withConventions(program, cli.streams);
}

/** Sub-commands take their parent's settings only when they are made by it, so these are set on each. */
function withConventions(command: Command, streams: Streams): Command {
  const output: OutputConfiguration = {
    writeOut: (text) => streams.stdout.write(text),
    writeErr: (text) => streams.stderr.write(text),
  };
  command
    .helpCommand(false)
    .configureOutput(output)
    .exitOverride()
    .showHelpAfterError('(add --help for what it takes)');
  command.configureHelp({ showGlobalOptions: true, sortSubcommands: false });
  for (const inner of command.commands) withConventions(inner, streams);
  return command;
}
