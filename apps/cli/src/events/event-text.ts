import type { ReceivedEvent } from '@chorda/client';
import { toJson, type Output } from '../command-line/output.js';

/** One event on one line: when, what, about what; with `data`, the payload below it. */
export function eventLine(output: Output, event: ReceivedEvent, withData: boolean): string {
  const time = output.paint('dim', event.time);
  const tone = /fail|error|cancelled|expired/.test(event.type) ? 'bad' : 'strong';
  const line = `${time}  ${output.paint(tone, event.type.padEnd(28))}  ${event.subject}  ${output.paint('dim', event.id)}`;
  return withData ? `${line}\n${toJson(event.data, 2).replaceAll(/^/gm, '    ')}` : line;
}
