import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

export function doctorCommand(cli: CommandLine): Command {
  return new Command('doctor')
    .summary('Check this machine and every server, and send a probe end to end')
    .description(
      'Check this machine and every server, then send a probe event end to end and time each hop. ' +
        'Each line that is not well says what to do. Ends with 1 when anything is broken.',
    )
    .option('--machine', 'only what `npm start` needs of this machine; no server has to run')
    .addHelpText(
      'after',
      examples(
        ['chorda doctor', 'Everything'],
        ['chorda doctor --machine', 'Before the first start'],
        ['chorda doctor --json | jq \'.checks[] | select(.state != "ok")\'', 'What is wrong, for a program'],
      ),
    )
    .action(
      cli.action(async (context, options: { machine?: boolean }) => {
        const { examine } = await import('./examine.js');
        return examine(context, options);
      }),
    );
}
