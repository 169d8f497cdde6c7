import { Command, Option } from 'commander';
import { examples, type CommandLine } from '../command-line/command-line.js';
import { wholeNumber } from '../command-line/arguments.js';
import type { SendOptions } from './send-event.js';
import type { SearchOptions } from './search-events.js';
import type { TailOptions } from './tail-events.js';

/** `chorda events …`: everything here goes through the gateway's HTTP door, as any other system's requests do. */
export function eventsCommand(cli: CommandLine): Command {
  const events = new Command('events').description('Send events, find them again, watch them live');
  events.addCommand(sendCommand(cli));
  events.addCommand(tailCommand(cli));
  events.addCommand(searchCommand(cli));
  events.addCommand(getCommand(cli));
  return events;
}

function sendCommand(cli: CommandLine): Command {
  return new Command('send')
    .summary('Send one event, or many from a file')
    .description(
      'Send one event, or many from a file, and wait until all in-sync brokers have them. ' +
        'The answer names the position in the log; a refused event names each field that is wrong.',
    )
    .argument('[type]', 'the event type, for example external.webhook; `chorda schemas list` prints them all')
    .option('-d, --data <json>', 'the payload as JSON; `-` reads it from stdin')
    .option('-s, --subject <text>', 'what the event is about (an agent id, a service); default: from the payload')
    .option('--source <uri>', 'who says so', 'urn:chorda:cli')
    .option('--id <text>', "the event's id; sending the same id again changes nothing (default: a new one)")
    .option('--correlation-id <text>', 'the first request of the chain that this event belongs to')
    .option('-f, --file <path>', 'send CloudEvents from a file, one JSON object a line; `-` reads stdin')
    .addOption(
      new Option('--ack <when>', 'answer when the log has it, or when the journal can be queried for it')
        .choices(['logged', 'projected'])
        .default('logged'),
    )
    .addHelpText(
      'after',
      examples(
        [
          'chorda events send external.webhook -d \'{"user_id":"user-7","provider":"me","event_name":"hello","body":"hi"}\'',
          'One event',
        ],
        ['chorda events send --file events.ndjson', 'Many, in order; each gets its own answer'],
      ),
    )
    .action(
      cli.action(async (context, type: string | undefined, options: SendOptions) => {
        const { sendEvents } = await import('./send-event.js');
        return sendEvents(context, type, options);
      }),
    );
}

function tailCommand(cli: CommandLine): Command {
  return new Command('tail')
    .summary('Print events as they are written')
    .description('Print events as they are written, until Ctrl-C. A lost connection is taken up where it broke off.')
    .option('-t, --type <pattern...>', 'only these types; `agent.*` takes a whole area')
    .option('--topic <name...>', 'only events of these topics')
    .option('-s, --subject <text>', 'only events about this subject')
    .option('--correlation-id <text>', 'only events of this chain')
    .option('--filter <cel>', 'only events of which this expression in CEL says yes')
    .option('--since <time>', 'start with what was recorded since then: RFC 3339, or an age such as 15m, 2h, 7d')
    .option('--from <position>', 'start behind this position instead of now')
    .option('-n, --limit <count>', 'end after so many events', wholeNumber)
    .option('--data', 'print payloads too')
    .addHelpText(
      'after',
      examples(
        ['chorda events tail', 'Everything'],
        ['chorda events tail --type "workflow.*" --json | jq .data', 'Payloads of one area, for another program'],
        [
          "chorda events tail --since 1h --filter 'data.execution_time_ms > 5000'",
          'What took long in the last hour, then live',
        ],
      ),
    )
    .action(
      cli.action(async (context, options: TailOptions) => {
        const { tailEvents } = await import('./tail-events.js');
        return tailEvents(context, options);
      }),
    );
}

function searchCommand(cli: CommandLine): Command {
  return new Command('search')
    .summary('Find events in the journal')
    .description('Find events in the journal, newest first')
    .option('-t, --type <pattern...>', 'only these types; `agent.*` takes a whole area')
    .option('-s, --subject <text>', 'only events about this subject')
    .option('--correlation-id <text>', 'only events of this chain')
    .option('--since <time>', 'not older than this: RFC 3339, or an age such as 15m, 2h, 7d')
    .option('--until <time>', 'older than this')
    .option('--min-position <position>', 'wait until the journal has this position (a write answered it)')
    .option('-n, --limit <count>', 'at most so many', wholeNumber, 50)
    .option('--cursor <text>', 'go on where the last page ended')
    .option('--data', 'print payloads too')
    .addHelpText(
      'after',
      examples(
        ['chorda events search --type agent.failed --since 1h', 'What failed in the last hour'],
        ['chorda events search --subject AGENT-20261121-120000-0001-A1B2 --json', 'All about one agent, for a program'],
      ),
    )
    .action(
      cli.action(async (context, options: SearchOptions) => {
        const { searchEvents } = await import('./search-events.js');
        return searchEvents(context, options);
      }),
    );
}

function getCommand(cli: CommandLine): Command {
  return new Command('get')
    .summary('Print one event by its id')
    .description('Print one event by its id')
    .argument('<id>', "the event's id")
    .option('--source <uri>', 'who sent it, where two senders used the same id')
    .option('--wait <seconds>', 'how long to wait for an event that is not there yet', wholeNumber, 0)
    .addHelpText('after', examples(['chorda events get 0199c1de-7a4e-7c1b-9d53-5f1d2f3b8f10', 'One event']))
    .action(
      cli.action(async (context, id: string, options: { source?: string; wait: number }) => {
        const { getEvent } = await import('./get-event.js');
        return getEvent(context, id, options);
      }),
    );
}
