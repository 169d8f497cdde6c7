import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

/** `chorda tools …`: tools that users' own processes offer to agents. */
export function toolsCommand(cli: CommandLine): Command {
  const tools = new Command('tools').description('Tools that processes of yours offer to agents');
  tools
    .command('list')
    .description('All of them, and when a worker last asked for their calls')
    .addHelpText('after', examples(['chorda tools list', 'What agents of the tenant may name']))
    .action(cli.action(async (context) => (await import('./tool-actions.js')).listTools(context)));
  tools
    .command('remove')
    .description('Take a tool away; agents that were initialised with it keep it')
    .argument('<name>', 'its name')
    .addHelpText('after', examples(['chorda tools remove charge', 'No new agent can name it']))
    .action(cli.action(async (context, name: string) => (await import('./tool-actions.js')).removeTool(context, name)));
  return tools;
}
