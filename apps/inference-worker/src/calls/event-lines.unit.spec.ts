import { describe, expect, it } from 'vitest';
import { EventLines } from './event-lines.js';

function read(text: string, bytesAtOnce: number): readonly string[] {
  const events: string[] = [];
  const lines = new EventLines((data) => events.push(data));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += bytesAtOnce) lines.push(bytes.subarray(at, at + bytesAtOnce));
  return events;
}

describe('lines of a stream of events', () => {
  const stream =
    'data: {"a":"ä😀"}\r\n\r\n: a comment\n\nevent: x\nid: 7\ndata:two\ndata: lines\n\ndata: [DONE]\n\ndata: cut off';

  it.each([1, 2, 3, 7, 1_000])('give their data whole and in order, %d bytes at a time', (bytesAtOnce) => {
    expect(read(stream, bytesAtOnce)).toEqual(['{"a":"ä😀"}', 'two\nlines', '[DONE]']);
  });

  it('tell how much waits for an end', () => {
    const lines = new EventLines(() => undefined);
    lines.push(Buffer.from('data: 12345\ndata: 678'));
    expect(lines.waiting).toBe('12345'.length + 'data: 678'.length);
  });
});
