import { Command } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';

const actions = () => import('./payload-actions.js');

/** `chorda payloads get|check`: values that are too large for the log. */
export function payloadsCommand(cli: CommandLine): Command {
  const payloads = new Command('payloads').description('Values that are too large for the log, and lie beside it');
  payloads.addCommand(
    new Command('get')
      .description('The value that a reference names')
      .argument('<payload>', 'its SHA-256, or the `uri` of a reference')
      .addHelpText('after', examples(['chorda payloads get /v1/payloads/SHA256 > output.json', 'What an agent gave']))
      .action(cli.action(async (context, payload: string) => (await actions()).showPayload(context, payload))),
  );
  return payloads.addCommand(
    new Command('check')
      .description(
        'Reads everything that is kept in CHORDA_PAYLOADS and holds it against its name. Names what is damaged, and\n' +
          'ends with an error where anything is.',
      )
      .addHelpText('after', examples(['chorda payloads check', 'After the store was put back from a backup']))
      .action(cli.action(async (context) => (await actions()).checkPayloads(context))),
  );
}
