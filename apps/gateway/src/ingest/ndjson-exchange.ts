import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { encodePosition } from '@chorda/contracts';
import type { RecordPlace } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import { unreadable } from '../http/content-encoding.js';
import { Problem, problemMembers } from '../http/problem.js';
import { tooLarge } from '../http/read-body.js';
import type { Sender } from './accept-event.js';
import { readLine, unreadableLine, type UncheckedEvent } from './cloud-event-request.js';
import { itemBody, type IngestService, type ItemResult } from './ingest.service.js';
import { linesOf, type Line } from './lines.js';

export interface ExchangeLimits {
  readonly requestBytesMax: number;
  readonly requestEventsMax: number;
}

export interface ExchangeOptions {
  readonly isDryRun: boolean;
  /** Told of what was logged, when all of it is known; what it answers is added to the last line. */
  readonly atEnd: (position: string | undefined) => Promise<object | undefined>;
}

/** Twice what an event may have: JSON may escape every character. */
const lineBytesMax = 2 * 1024 * 1024;
const window = { lineBytesMax, windowBytesMax: 1024 * 1024, windowLinesMax: 500 };

/** What is known of the request when its last line is written. */
interface Progress {
  items: number;
  bytes: number;
  isCertain: boolean;
  readonly furthest: Map<string, RecordPlace>;
}

/**
 * Events in, one a line; results out, one a line and in order, while the events still come. A window of lines is sent
 * and answered before the next is read, so a request holds a window and no more, however slow the brokers or whoever
 * reads the answer. The last line says how many there were: an answer without it was cut.
 */
export class NdjsonExchange {
  /** True once the last line is out: every item has an answer that will not change. */
  isFinal = false;

  constructor(
    private readonly ingest: IngestService,
    private readonly limits: ExchangeLimits,
  ) {}

  async *answer(
    body: Readable,
    sender: Sender,
    { isDryRun, atEnd }: ExchangeOptions,
  ): AsyncGenerator<string, void, undefined> {
    const progress: Progress = { items: 0, bytes: 0, isCertain: true, furthest: new Map() };
    const heldKeys = new Set<string>();
    let problem: Problem | undefined;
    try {
      const chunks = counted(body, progress, this.limits.requestBytesMax);
      for await (const lines of linesOf(chunks, () => body.readableLength, window)) {
        const taken = lines.slice(0, this.limits.requestEventsMax - progress.items);
        const events = taken.map(toEvent);
        const options = { validate: 'each' as const, isDryRun, firstIndex: progress.items, heldKeys };
        const results = await this.ingest.append(events, sender, options);
        yield linesOfResults(results, progress);
        crashPoint('gateway-ndjson-window-answered');
        if (taken.length < lines.length) throw tooMany(this.limits.requestEventsMax);
      }
    } catch (error) {
      problem = unreadable(error);
    }
    yield await lastLine(progress, problem, atEnd);
    this.isFinal = progress.isCertain && problem === undefined;
  }
}

function toEvent(line: Line): UncheckedEvent {
  if (line !== undefined) return readLine(line);
  const detail = `A line holds at most ${lineBytesMax} bytes; this one was passed over`;
  return unreadableLine(new Problem('PAYLOAD_TOO_LARGE', detail));
}

function linesOfResults(results: readonly ItemResult[], progress: Progress): string {
  let text = '';
  for (const result of results) {
    text += `${JSON.stringify({ index: progress.items, ...itemBody(result) })}\n`;
    progress.items += 1;
    if (result.status === 'logged') notePlace(progress.furthest, result.place);
    else if ('problem' in result && result.problem.retriable) progress.isCertain = false;
  }
  return text;
}

/** One place a partition, however many events there are. */
function notePlace(furthest: Map<string, RecordPlace>, place: RecordPlace): void {
  const key = `${place.topic}/${place.partition}`;
  const known = furthest.get(key);
  if (known === undefined || known.offset < place.offset) furthest.set(key, place);
}

async function lastLine(
  progress: Progress,
  problem: Problem | undefined,
  atEnd: ExchangeOptions['atEnd'],
): Promise<string> {
  const places = [...progress.furthest.values()];
  const position = places.length === 0 ? undefined : encodePosition(places);
  const line = {
    status: problem === undefined ? 'end' : 'stopped',
    items: progress.items,
    position: position ?? null,
    ...(problem === undefined ? await atEnd(position) : { problem: problemMembers(problem) }),
  };
  return `${JSON.stringify(line)}\n`;
}

async function* counted(body: Readable, progress: Progress, bytesMax: number): AsyncGenerator<Buffer, void, undefined> {
  try {
    // Leaving off must not destroy the request: its connection still has to carry the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      progress.bytes += chunk.length;
      if (progress.bytes > bytesMax) throw tooLarge(bytesMax, false);
      yield chunk;
    }
  } finally {
    // What is left of a plain body is read and dropped, or its connection would carry no other request.
    if (body instanceof IncomingMessage) body.resume();
    else body.destroy();
  }
}

function tooMany(eventsMax: number): Problem {
  return new Problem('PAYLOAD_TOO_LARGE', `A request holds at most ${eventsMax} events; the rest was not read`);
}
