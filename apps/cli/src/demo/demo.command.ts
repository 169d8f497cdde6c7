import { Command } from 'commander';
import { positiveNumber, wholeNumber } from '../command-line/arguments.js';
import { examples, type CommandLine } from '../command-line/command-line.js';
import type { DemoOptions } from './run-demo.js';

export function demoCommand(cli: CommandLine): Command {
  return new Command('demo')
    .summary('Send a day of an invented company')
    .description(
      'Send a day of an invented company through the HTTP door: agents live, execute and fail, workflows run, ' +
        'people approve, models are called. The same seed and day are the same events with the same ids, so a ' +
        'second run adds nothing to the read models.',
    )
    .option('--events <count>', 'how many events', positiveNumber, 5_000)
    .option('--rate <count>', 'how many a second; 0: as fast as they are acknowledged', wholeNumber, 200)
    .option('--seed <number>', 'which of the days that could have been', wholeNumber, 1)
    .option('--day <date>', 'the date of the day, as 2026-11-21 (default: yesterday, UTC)')
    .option('--batch <count>', 'events in one request, at most', positiveNumber, 100)
    .option('--documents <folder>', 'then a real agent reads the .md files in it, and what it made of them is shown')
    .option('--workflows <folder>', 'then the workflows in it are run: examples/workflows of the repository')
    .option('--acks <file>', 'write every acknowledgement to this file, one JSON object a line')
    .addHelpText(
      'after',
      examples(
        ['chorda demo', '5,000 events in 25 seconds'],
        ['chorda demo --events 500 --documents docs', 'And an agent that reads the documentation'],
        [
          'chorda demo --events 500 --workflows examples/workflows --documents docs/how-to',
          'And workflows with people, agents and a worker',
        ],
        ['chorda demo --rate 0 --events 100000 --seed 2', 'As fast as it goes'],
      ),
    )
    .action(
      cli.action(async (context, options: DemoOptions) => {
        const { runDemo } = await import('./run-demo.js');
        return runDemo(context, options);
      }),
    );
}
