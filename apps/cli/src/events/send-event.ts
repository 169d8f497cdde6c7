import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { uncheckedEvent, type ChordaClient, type SendResult, type UncheckedEvent } from '@chorda/client';
import { newId, type JsonValue } from '@chorda/kernel';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';

export interface SendOptions {
  readonly data?: string;
  readonly subject?: string;
  readonly source: string;
  readonly id?: string;
  readonly correlationId?: string;
  readonly file?: string;
  readonly ack: 'logged' | 'projected';
}

const batchEventsMax = 500;

export async function sendEvents(
  context: CommandContext,
  type: string | undefined,
  options: SendOptions,
): Promise<ExitCode | void> {
  if ((type === undefined) === (options.file === undefined)) {
    throw usage('Give an event type with --data, or a file of events with --file; not both');
  }
  const client = gatewayClient(context.environment, { source: options.source });
  if (type !== undefined) return sendOne(context, client, type, options);
  return sendFile(context, client, options);
}

async function sendOne(context: CommandContext, client: ChordaClient, type: string, options: SendOptions) {
  if (options.data === undefined) throw usage('The payload is missing', `chorda events send ${type} --data '{…}'`);
  const text = options.data === '-' ? readFileSync(0, 'utf8') : options.data;
  // The id is made here, so that what is said about an unknown outcome names the event that it is about.
  const id = options.id ?? newId();
  const event = uncheckedEvent({
    type,
    id,
    data: parseJson(text, 'The payload'),
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.correlationId === undefined ? {} : { correlationid: options.correlationId }),
  });
  const logged = await client.events.send(event, { ack: options.ack, signal: context.signal });
  context.output.result(logged, () => logged.id);
  context.output.note(`In the log. See it with: npm run chorda -- events get ${logged.id}`);
}

async function sendFile(context: CommandContext, client: ChordaClient, options: SendOptions): Promise<ExitCode> {
  const { output, signal } = context;
  const counts = { logged: 0, refused: 0, unknown: 0 };
  let line = 0;
  for await (const batch of batchesOf(options.file ?? '-')) {
    const results = await client.events.sendAll(batch, { ack: options.ack, signal });
    for (const result of results) {
      line += 1;
      counts[result.status === 'not_attempted' ? 'unknown' : result.status] += 1;
      if (!output.item(resultJson(result, line), () => resultLine(result, line))) await output.drained();
    }
  }
  output.note(`${counts.logged} in the log, ${counts.refused} refused, ${counts.unknown} unknown.`);
  if (counts.unknown > 0) output.note('Send the file again: events with ids of their own are not taken twice.');
  return counts.unknown > 0 ? exitCodes.unavailable : counts.refused > 0 ? exitCodes.failed : exitCodes.ok;
}

function resultJson(result: SendResult, line: number) {
  if (result.status === 'logged') return { line, ...result };
  const { code, message, issues } = result.error;
  return { line, status: result.status, id: result.id, error: { code, message, issues } };
}

function resultLine(result: SendResult, line: number): string {
  if (result.status === 'logged') return `${result.id}`;
  const issues = result.error.issues.map((issue) => `  ${issue.pointer || '/'}: ${issue.detail}`);
  return [`line ${line}: ${result.status}: ${result.error.message}`, ...issues].join('\n');
}

async function* batchesOf(path: string): AsyncGenerator<readonly UncheckedEvent[]> {
  const input = path === '-' ? process.stdin : createReadStream(path);
  let batch: UncheckedEvent[] = [];
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === '') continue;
    batch.push(cloudEvent(parseJson(text, `Line ${line}`), line));
    if (batch.length < batchEventsMax) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The gateway checks it; here only what is needed to send it at all. */
function cloudEvent(value: JsonValue, line: number): UncheckedEvent {
  const isEvent = typeof value === 'object' && value !== null && !Array.isArray(value) && 'type' in value;
  if (!isEvent || typeof value.type !== 'string') {
    throw usage(`Line ${line} is no CloudEvent: it needs at least "type" and "data"`);
  }
  return uncheckedEvent({ data: null, ...value, type: value.type });
}

function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new CommandFailure(
      exitCodes.usage,
      `${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`,
      'In a shell, put it into single quotes: --data \'{"service":"demo"}\'',
    );
  }
}

function usage(message: string, next = 'chorda events send --help shows examples.'): CommandFailure {
  return new CommandFailure(exitCodes.usage, message, next);
}
