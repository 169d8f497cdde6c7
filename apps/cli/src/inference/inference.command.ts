import { Command, Option } from 'commander';
import { positiveNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { ListCommandOptions } from '../read-models/list-items.js';
import type { AskOptions, CancelOptions } from './inference-actions.js';

const actions = () => import('./inference-actions.js');
const collect = (value: string, known: readonly string[]) => [...known, value];

/** `chorda inference ask|show|list|cancel|follow|models`. */
export function inferenceCommand(cli: CommandLine): Command {
  const inference = new Command('inference').description('Ask models through the log: ask, show, list, cancel, follow');
  return inference
    .addCommand(askCommand(cli))
    .addCommand(
      new Command('show')
        .description('One request with its outcome, attempts and cost')
        .argument('<id>', 'the request')
        .option('--min-position <position>', 'a write that the answer must have seen')
        .addHelpText('after', examples(['chorda inference show ID', 'What became of it']))
        .action(
          cli.action(async (context, id: string, { minPosition }: { minPosition?: string }) => {
            return (await actions()).showRequest(context, id, minPosition);
          }),
        ),
    )
    .addCommand(listCommand(cli))
    .addCommand(
      new Command('cancel')
        .description('Withdraw a request: one that runs is ended at the model server')
        .argument('<id>', 'the request')
        .option('--reason <text>', 'why')
        .addHelpText('after', examples(['chorda inference cancel ID --reason "not needed"', 'Stop it']))
        .action(
          cli.action(async (context, id: string, options: CancelOptions) => {
            return (await actions()).cancelRequest(context, id, options);
          }),
        ),
    )
    .addCommand(
      new Command('follow')
        .description('The tokens of a request that was asked with --stream, as they come, until its outcome')
        .argument('<id>', 'the request')
        .addHelpText('after', examples(['chorda inference follow ID', 'Watch it answer']))
        .action(cli.action(async (context, id: string) => (await actions()).followRequest(context, id))),
    )
    .addCommand(
      new Command('models')
        .description('Models that can be asked now; with a name, that one')
        .argument('[name]', 'the model')
        .addHelpText('after', examples(['chorda inference models', 'What workers offer']))
        .action(cli.action(async (context, name?: string) => (await actions()).showModels(context, name))),
    );
}

function askCommand(cli: CommandLine): Command {
  return new Command('ask')
    .description('Ask a model and wait for its answer')
    .argument('[text]', 'what to say to it')
    .option('-m, --model <name>', 'the model; left out: the first that is offered')
    .option('-d, --data <json>', 'in place of the text: the body that the OpenAI API takes, without model and stream')
    .addOption(new Option('--operation <kind>').choices(['chat_completion', 'completion', 'embedding']))
    .addOption(new Option('-p, --priority <level>').choices(['high', 'normal', 'low']))
    .option('--deadline <seconds>', 'after which it expires', positiveNumber)
    .option('--session <id>', 'the conversation that it belongs to')
    .option('--stream', 'tokens as they come')
    .option('--wait <seconds>', 'how long to wait for the answer, 60 at most', positiveNumber)
    .option('--no-wait', 'answer once the request is in the log')
    .addHelpText(
      'after',
      examples(
        ['chorda inference ask "Say hello."', 'The answer of the first model there is, and what it cost'],
        ['chorda inference ask "A long story" --model simulated --priority low --no-wait', 'Fetch it later'],
      ),
    )
    .action(
      cli.action(async (context, text: string | undefined, options: AskOptions) => {
        return (await actions()).ask(context, text, options);
      }),
    );
}

function listCommand(cli: CommandLine): Command {
  return new Command('list')
    .description('Requests to models, newest first')
    .option('-w, --where <field=value>', 'condition; may come several times', collect, [])
    .option('--sort <field>', 'order; `-` is descending')
    .option('-n, --limit <count>', 'how many', positiveNumber, 50)
    .option('--cursor <cursor>', 'where the page before ended')
    .option('--min-position <position>', 'a write that the answer must have seen')
    .addHelpText('after', examples(['chorda inference list --where status=failed', 'What went wrong']))
    .action(
      cli.action(async (context, options: ListCommandOptions) => (await actions()).listRequests(context, options)),
    );
}
