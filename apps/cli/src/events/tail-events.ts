import { timeOrAge } from '../command-line/arguments.js';
import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { eventLine } from './event-text.js';
import { typesOf } from './event-types.js';

export interface TailOptions {
  readonly type?: readonly string[];
  readonly topic?: readonly string[];
  readonly filter?: string;
  readonly since?: string;
  readonly subject?: string;
  readonly correlationId?: string;
  readonly from?: string;
  readonly limit?: number;
  readonly data?: boolean;
}

/** Prints events until Ctrl-C; that is its lawful end. */
export async function tailEvents(context: CommandContext, options: TailOptions): Promise<void> {
  const { output, signal } = context;
  const client = gatewayClient(context.environment);
  let printed = 0;
  const messages = client.tail({
    signal,
    onConnection: (state, error) => {
      if (state === 'lost') output.note(`The connection is lost, trying again${error ? `: ${error.message}` : ''}`);
      else output.note('Waiting for events; Ctrl-C ends it.');
    },
    ...(options.type === undefined ? {} : { types: typesOf(options.type) }),
    ...(options.topic === undefined ? {} : { topics: options.topic }),
    ...(options.filter === undefined ? {} : { filter: options.filter }),
    ...(options.since === undefined ? {} : { since: new Date(timeOrAge(options.since, Date.now())) }),
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.correlationId === undefined ? {} : { correlationId: options.correlationId }),
    ...(options.from === undefined ? {} : { lastEventId: options.from }),
  });
  for await (const message of messages) {
    if (message.kind === 'resync') {
      output.note(`Events are missing here: ${message.reason}. \`chorda events search\` has them.`);
      continue;
    }
    const { event } = message;
    // A terminal or a pipe that is slower than the log slows the tail down, and fills no memory here.
    if (!output.item(event, () => eventLine(output, event, options.data === true))) await output.drained();
    printed += 1;
    if (printed === options.limit) return;
  }
}
