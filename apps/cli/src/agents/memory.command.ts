import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

const actions = () => import('./memory-actions.js');
const entry = 'data/NAME, context/NAME or variables/NAME';

/** `chorda agents memory show|write|forget`: what an agent remembers of a session. */
export function memoryCommand(cli: CommandLine): Command {
  const command = new Command('memory').description('What an agent remembers of a session');
  command.addCommand(
    new Command('show')
      .description('What was said in a session, and its short-term memory')
      .argument('<agent>', 'the agent')
      .argument('<session>', 'the session')
      .addHelpText('after', examples(['chorda agents memory show AGENT chat-7', 'All of it']))
      .action(
        cli.action(async (context, agent: string, session: string) => {
          return (await actions()).showSession(context, agent, session);
        }),
      ),
  );
  command.addCommand(
    new Command('write')
      .description('Remember a value for the rest of the session')
      .argument('<agent>', 'the agent')
      .argument('<session>', 'the session')
      .argument('<entry>', entry)
      .argument('<json>', 'the value')
      .addHelpText(
        'after',
        examples(['chorda agents memory write AGENT chat-7 context/customer \'{"name":"Ada"}\'', 'Told to the model']),
      )
      .action(
        cli.action(async (context, agent: string, session: string, name: string, json: string) => {
          return (await actions()).writeMemory(context, agent, session, name, json);
        }),
      ),
  );
  return command.addCommand(
    new Command('forget')
      .description('Forget an entry')
      .argument('<agent>', 'the agent')
      .argument('<session>', 'the session')
      .argument('<entry>', entry)
      .addHelpText('after', examples(['chorda agents memory forget AGENT chat-7 variables/step', 'Gone']))
      .action(
        cli.action(async (context, agent: string, session: string, name: string) => {
          return (await actions()).forgetMemory(context, agent, session, name);
        }),
      ),
  );
}
