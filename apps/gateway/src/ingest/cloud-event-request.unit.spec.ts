import { describe, expect, it } from 'vitest';
import { Problem } from '../http/problem.js';
import { readCloudEvents as readWithin } from './cloud-event-request.js';

const batchEventsMax = 3;
const readCloudEvents = (contentType: string, rawHeaders: readonly string[], body: Buffer) =>
  readWithin(contentType, rawHeaders, body, batchEventsMax);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const structured = 'application/cloudevents+json';
const batch = 'application/cloudevents-batch+json';

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('binary mode', () => {
  const read = (rawHeaders: string[], data: unknown = { a: 1 }) =>
    readCloudEvents('application/json; charset=utf-8', rawHeaders, json(data)).events[0];

  it('reads attributes from headers of any case, and the body as the data', () => {
    const event = read(['CE-Id', '1', 'ce-TYPE', 'agent.executed', 'Host', 'x']);
    expect(event?.attributes).toEqual({ id: '1', type: 'agent.executed' });
    expect(event?.data).toEqual({ a: 1 });
    expect(event?.dataPointer).toBe('');
    expect(event?.place('type')).toEqual({ pointer: '', header: 'ce-type' });
  });

  it('decodes what the HTTP binding encodes', () => {
    expect(read(['ce-subject', 'Euro%20%E2%82%AC%20%F0%9F%98%80'])?.attributes['subject']).toBe('Euro € 😀');
    expect(read(['ce-subject', '"a \\"b\\""'])?.attributes['subject']).toBe('a "b"');
    expect(read(['ce-subject', '100%'])?.attributes['subject']).toBe('100%');
  });

  it('refuses an attribute that came twice, rather than joining the two', () => {
    const problem = problemOf(() => read(['ce-id', '1', 'Ce-Id', '2']));
    expect(problem.details.issues).toEqual([{ pointer: '', header: 'ce-id', detail: 'must come once' }]);
  });

  it('refuses bytes that it would have to guess the meaning of', () => {
    expect(problemOf(() => read(['ce-id', 'caf\u00e9'])).details.issues).toMatchObject([{ header: 'ce-id' }]);
  });

  it('does not set a prototype from a header', () => {
    const event = read(['ce-id', '1', 'ce-__proto__', 'x']);
    expect(Object.getPrototypeOf(event?.attributes)).toBe(Object.prototype);
    expect(Object.keys(event?.attributes ?? {})).toContain('__proto__');
  });

  it('refuses plain JSON without any attribute and says what to send', () => {
    expect(problemOf(() => read([])).detail).toMatch(/application\/cloudevents\+json/);
  });
});

describe('structured mode', () => {
  it('says which member is the data and what the rest is', () => {
    const { events } = readCloudEvents(structured, [], json({ id: '1', data: { x: 1 } }));
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ attributes: { id: '1' }, dataAttribute: 'data', data: { x: 1 } });
    expect(events[0]?.dataPointer).toBe('/data');
    expect(events[0]?.place('a/b~c')).toEqual({ pointer: '/a~1b~0c' });
  });

  it.each([[[]], ['text'], [null], [1]])('refuses %j', (value) => {
    expect(problemOf(() => readCloudEvents(structured, [], json(value))).code).toBe('INVALID_REQUEST');
  });
});

describe('batch mode', () => {
  it('names the item in every pointer', () => {
    const { events } = readCloudEvents(batch, [], json([{ id: '1' }, { id: '2', data: {} }]));
    expect(events[1]?.dataPointer).toBe('/1/data');
    expect(events[1]?.place('type')).toEqual({ pointer: '/1/type' });
  });

  it('takes an empty batch, which the format allows', () => {
    expect(readCloudEvents(batch, [], json([])).events).toEqual([]);
  });

  it('leaves an item that is no object to be refused alone', () => {
    expect(readCloudEvents(batch, [], json([null, { id: '2' }])).events[0]?.attributes).toEqual({});
  });

  it(`refuses more than ${batchEventsMax} events as too large`, () => {
    const items = Array.from({ length: batchEventsMax + 1 }, () => ({}));
    expect(problemOf(() => readCloudEvents(batch, [], json(items))).code).toBe('PAYLOAD_TOO_LARGE');
  });
});

describe('the content type', () => {
  it.each(['', 'text/plain', 'application/json; charset=latin1', 'application/cloudevents+avro', '__proto__'])(
    'is refused when it is %j',
    (contentType) => {
      expect(problemOf(() => readCloudEvents(contentType, [], json({}))).code).toBe('UNSUPPORTED_MEDIA_TYPE');
    },
  );
});
