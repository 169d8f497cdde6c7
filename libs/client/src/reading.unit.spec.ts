import { describe, expect, it } from 'vitest';
import {
  ChordaClient,
  GatewayUnreachableError,
  InvalidCallError,
  ProblemError,
  UnexpectedAnswerError,
} from './index.js';
import { json, problem, scriptedGateway } from './scripted-gateway.fixture.spec.js';

const event = (id: string) => ({ id, type: 'agent.deleted', data: { agent_id: 'a' } });
const page = (ids: readonly string[], next: string | null, more: object = { complete: true }) =>
  json(200, { items: ids.map(event), next_cursor: next, ...more });

describe('a search', () => {
  it('brings the events of all pages, and asks for a page only when it is wanted', async () => {
    const gateway = await scriptedGateway(page(['1', '2'], 'c1'), page(['3'], 'c2'), page(['4'], null));
    const found: string[] = [];
    for await (const { id } of gateway.client().events.search({ types: ['agent.deleted'], subject: 'a' })) {
      found.push(id);
      if (id === '3') break;
    }
    expect(found).toEqual(['1', '2', '3']);
    expect(gateway.seen.map(({ query }) => query.get('cursor'))).toEqual([null, 'c1']);
    expect(Object.fromEntries(gateway.seen[0]?.query ?? [])).toEqual({ type: 'agent.deleted', subject: 'a' });
  });

  it('says of each page whether it is complete, and why not', async () => {
    const gateway = await scriptedGateway(page([], null, { complete: false, reason: 'lagging' }));
    const pages = gateway.client().events.search({}, { minPosition: 'p', waitMs: 100 }).pages();
    for await (const each of pages) {
      expect(each).toEqual({ events: [], nextCursor: undefined, complete: false, reason: 'lagging' });
    }
    expect(Object.fromEntries(gateway.seen[0]?.query ?? [])).toEqual({ min_position: 'p', wait: '100' });
  });

  it('takes dates, several types and every other filter', async () => {
    const gateway = await scriptedGateway(page([], null));
    const filter = {
      types: ['agent.executed', 'agent.failed'] as const,
      correlationId: 'c',
      source: 'urn:s',
      from: new Date(0),
      to: '2026-11-21T00:00:00Z',
    };
    for await (const _ of gateway.client().events.search(filter, { limit: 10 }).pages());
    expect(Object.fromEntries(gateway.seen[0]?.query ?? [])).toEqual({
      type: 'agent.executed,agent.failed',
      correlation_id: 'c',
      source: 'urn:s',
      from: '1970-01-01T00:00:00.000Z',
      to: '2026-11-21T00:00:00Z',
      limit: '10',
    });
  });

  it('waits longer for the answer than the gateway may hold it back', async () => {
    const gateway = await scriptedGateway((response, request) => {
      setTimeout(() => void page([], null)(response, request), 600);
    });
    const client = gateway.client({ timeoutMs: 500, retry: { attemptsMax: 1 } });
    for await (const _ of client.events.search({}, { minPosition: 'p', waitMs: 5_000 }).pages());
    expect(gateway.seen).toHaveLength(1);
  });
});

describe('one event', () => {
  it('is asked for by its id and its source', async () => {
    const gateway = await scriptedGateway(json(200, event('a/b')));
    expect((await gateway.client().events.get('a/b', { source: 'urn:x' })).id).toBe('a/b');
    expect(gateway.seen[0]?.path).toBe('/v1/events/a%2Fb');
    expect(gateway.seen[0]?.query.get('source')).toBe('urn:x');
  });

  it('is not found with an error of its own', async () => {
    const gateway = await scriptedGateway(problem(404, 'NOT_FOUND'));
    const error: unknown = await gateway
      .client()
      .events.get('x')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404, retriable: false });
  });
});

describe('an answer that is not a gateway’s', () => {
  it.each([
    ['a page', json(200, '<html>', { 'content-type': 'text/html' })],
    ['cut JSON', json(200, undefined, { 'content-type': 'application/json' })],
    ['an error that is no problem', json(404, { message: 'no' })],
  ])('is told from one: %s', async (_name, reply) => {
    const gateway = await scriptedGateway(reply);
    await expect(gateway.client({ retry: { attemptsMax: 1 } }).system()).rejects.toThrow(UnexpectedAnswerError);
  });

  it('is not followed elsewhere, with the key or without', async () => {
    const elsewhere = await scriptedGateway(json(200, { services: [] }));
    const gateway = await scriptedGateway(
      (response) => void response.writeHead(302, { location: elsewhere.url }).end(),
    );
    await expect(gateway.client({ retry: { attemptsMax: 1 } }).system()).rejects.toThrow(GatewayUnreachableError);
    expect(elsewhere.seen).toHaveLength(0);
  });
});

describe('the address and the key', () => {
  it('must be HTTP', () => {
    expect(() => new ChordaClient({ url: 'file:///etc/passwd' })).toThrow(InvalidCallError);
    expect(() => new ChordaClient({ url: 'localhost' })).toThrow(InvalidCallError);
  });

  it('may have a path, and a key that is asked for each time', async () => {
    const gateway = await scriptedGateway(json(200, { services: [] }));
    let asked = 0;
    const client = gateway.client({ url: `${gateway.url}/chorda/`, apiKey: () => `key-${(asked += 1)}` });
    await client.system();
    await client.system();
    expect(gateway.seen.map(({ path }) => path)).toEqual(['/chorda/v1/system', '/chorda/v1/system']);
    expect(gateway.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer key-1', 'Bearer key-2']);
  });
});
