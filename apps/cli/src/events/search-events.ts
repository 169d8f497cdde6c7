import type { EventFilter, ReceivedEvent } from '@chorda/client';
import { timeOrAge } from '../command-line/arguments.js';
import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { eventLine } from './event-text.js';
import { typesOf } from './event-types.js';

export interface SearchOptions {
  readonly type?: readonly string[];
  readonly subject?: string;
  readonly correlationId?: string;
  readonly since?: string;
  readonly until?: string;
  readonly minPosition?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly data?: boolean;
}

/** What one request of the gateway answers at most. */
const pageSizeMax = 500;

export async function searchEvents(context: CommandContext, options: SearchOptions): Promise<void> {
  const { output, signal } = context;
  const client = gatewayClient(context.environment);
  const events: ReceivedEvent[] = [];
  let nextCursor: string | undefined;
  let incomplete: string | undefined;
  const search = client.events.search(filterOf(options), {
    limit: Math.min(pageSizeMax, options.limit),
    signal,
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
    ...(options.minPosition === undefined ? {} : { minPosition: options.minPosition }),
  });
  for await (const page of search.pages()) {
    // Only whole pages are taken, so that the cursor that is answered goes on exactly behind the last event.
    events.push(...page.events);
    nextCursor = page.nextCursor;
    if (!page.complete) incomplete = page.reason ?? 'unknown';
    if (events.length >= options.limit) break;
  }
  output.result(
    { events, next_cursor: nextCursor ?? null, complete: incomplete === undefined },
    () => events.map((event) => eventLine(output, event, options.data === true)).join('\n') || 'No events match.',
  );
  if (incomplete !== undefined) output.note(`The journal has not reached that position yet: ${incomplete}.`);
  if (nextCursor !== undefined) output.note(`There are more: add --cursor ${nextCursor}`);
}

function filterOf(options: SearchOptions): EventFilter {
  const nowMs = Date.now();
  const time = (text: string) => new Date(timeOrAge(text, nowMs));
  return {
    ...(options.type === undefined ? {} : { types: typesOf(options.type) }),
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.correlationId === undefined ? {} : { correlationId: options.correlationId }),
    ...(options.since === undefined ? {} : { since: time(options.since) }),
    ...(options.until === undefined ? {} : { until: time(options.until) }),
  };
}
