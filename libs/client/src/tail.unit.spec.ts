import { describe, expect, it } from 'vitest';
import { ChordaError, type TailMessage, type TailOptions } from './index.js';
import {
  cutOff,
  json,
  problem,
  scriptedGateway,
  stream,
  type ScriptedGateway,
} from './scripted-gateway.fixture.spec.js';

const event = (id: string, at = `t1~${id}`) =>
  `id: ${at}\ndata: ${JSON.stringify({ id, type: 'agent.deleted', data: { agent_id: 'ä' } })}\n\n`;
const named = (kind: string, at: string, data: object = {}) =>
  `event: ${kind}\nid: ${at}\ndata: ${JSON.stringify(data)}\n\n`;

/** Takes so many messages, then leaves the loop. */
async function take(gateway: ScriptedGateway, count: number, options: TailOptions = {}): Promise<TailMessage[]> {
  const messages: TailMessage[] = [];
  for await (const message of gateway.client().tail(options)) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}
const idsOf = (messages: readonly TailMessage[]) =>
  messages.map((message) => (message.kind === 'event' ? message.event.id : message.kind));
const resumedFrom = (gateway: ScriptedGateway) => gateway.seen.map(({ query }) => query.get('last_event_id'));

describe('a tail', () => {
  it('brings events as they come, and asks for what its filter says', async () => {
    const gateway = await scriptedGateway(stream(named('open', 't1~0') + event('1') + event('2')));
    const filter: TailOptions = {
      types: ['agent.deleted', 'agent.failed'],
      topics: ['agent.events'],
      subject: 's',
      filter: 'data.agent_id == "ä"',
      since: new Date(0),
    };
    const messages = await take(gateway, 2, filter);
    expect(messages[0]).toMatchObject({ kind: 'event', lastEventId: 't1~1', event: { data: { agent_id: 'ä' } } });
    expect(Object.fromEntries(gateway.seen[0]?.query ?? [])).toEqual({
      type: 'agent.deleted,agent.failed',
      topic: 'agent.events',
      subject: 's',
      filter: 'data.agent_id == "ä"',
      since: '1970-01-01T00:00:00.000Z',
    });
    expect(gateway.seen[0]?.headers).toMatchObject({ accept: 'text/event-stream', authorization: 'Bearer chd_secret' });
  });

  it('goes on behind the last event when the connection is lost, without a gap and without a repeat', async () => {
    const gateway = await scriptedGateway(
      stream(event('1') + event('2'), true),
      cutOff,
      problem(503, 'STOPPING'),
      stream(event('3')),
    );
    expect(idsOf(await take(gateway, 3, { lastEventId: 't1~0' }))).toEqual(['1', '2', '3']);
    expect(resumedFrom(gateway)).toEqual(['t1~0', 't1~2', 't1~2', 't1~2']);
  });

  it('goes on behind the last whole event where one was cut in the middle', async () => {
    const gateway = await scriptedGateway(stream(event('1') + event('2').slice(0, 20), true), stream(event('2')));
    expect(idsOf(await take(gateway, 2))).toEqual(['1', '2']);
    expect(resumedFrom(gateway)).toEqual([null, 't1~1']);
  });

  it('goes on behind a heartbeat: what the filter left out is not asked for again', async () => {
    const gateway = await scriptedGateway(
      stream(event('1') + named('heartbeat', 't1~9'), true),
      stream(named('heartbeat', 't1~12'), true),
      stream(event('13')),
    );
    await take(gateway, 2);
    expect(resumedFrom(gateway).at(-1)).toBe('t1~12');
  });

  it('tells of a gap', async () => {
    const gap = named('resync', 't1~50', { reason: 'position_unknown' });
    const gateway = await scriptedGateway(stream(named('open', 't1~50') + gap + event('51')));
    const messages = await take(gateway, 2, { lastEventId: 't1~1' });
    expect(messages[0]).toEqual({ kind: 'resync', lastEventId: 't1~50', reason: 'position_unknown' });
    expect(idsOf(messages)).toEqual(['resync', '51']);
  });

  it('comes again when the gateway says so, and after as long as it says', async () => {
    const last = `event: reconnect\nretry: 200\nid: t1~7\ndata: {"reason":"stopping"}\n\n`;
    const gateway = await scriptedGateway(stream(last, true), stream(event('8')));
    const startMs = performance.now();
    await take(gateway, 1);
    expect(performance.now() - startMs).toBeGreaterThan(190);
    expect(resumedFrom(gateway)).toEqual([null, 't1~7']);
  });

  it('takes a connection for dead that stands still', async () => {
    const gateway = await scriptedGateway(stream(event('1')), stream(event('2')));
    const states: string[] = [];
    const options: TailOptions = {
      idleMsMax: 100,
      onConnection: (state, error) => states.push(error === undefined ? state : `${state} ${error.code}`),
    };
    expect(idsOf(await take(gateway, 2, options))).toEqual(['1', '2']);
    expect(states).toEqual(['open', 'lost TAIL_BROKEN', 'open']);
  });

  it('puts an event together that comes in pieces, cut within a character', async () => {
    const bytes = Buffer.from(event('1'));
    const middle = bytes.indexOf(Buffer.from('ä')) + 1;
    const gateway = await scriptedGateway((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(bytes.subarray(0, middle));
      setTimeout(() => response.write(bytes.subarray(middle)), 50);
    });
    expect(await take(gateway, 1)).toMatchObject([{ event: { data: { agent_id: 'ä' } } }]);
  });

  it('ends without an error when its signal aborts, in the middle of a wait too', async () => {
    const stop = new AbortController();
    const gateway = await scriptedGateway(stream(event('1')));
    setTimeout(() => stop.abort(), 1_000);
    expect(idsOf(await take(gateway, 9, { signal: stop.signal }))).toEqual(['1']);
    const away = await scriptedGateway(problem(503, 'STOPPING'));
    const ended = new AbortController();
    setTimeout(() => ended.abort(), 50);
    expect(await take(away, 9, { signal: ended.signal })).toEqual([]);
  });

  it('closes its connection when the loop ends', async () => {
    const closed = Promise.withResolvers<void>();
    const gateway = await scriptedGateway((response, request) => {
      response.on('close', () => closed.resolve());
      void stream(event('1'))(response, request);
    });
    await take(gateway, 1);
    await closed.promise;
    expect(gateway.seen).toHaveLength(1);
  });

  it.each([
    ['a wrong key', problem(401, 'UNAUTHENTICATED')],
    ['a wrong filter', problem(400, 'INVALID_REQUEST')],
    ['something that is no stream', json(200, {})],
  ])('throws what no further try would change: %s', async (_name, reply) => {
    const gateway = await scriptedGateway(reply);
    await expect(take(gateway, 1)).rejects.toThrow(ChordaError);
    expect(gateway.seen).toHaveLength(1);
  });

  it('knocks less and less often where nobody answers', async () => {
    const gateway = await scriptedGateway(problem(503, 'STOPPING'));
    const stop = new AbortController();
    const client = gateway.client({ retry: { backoffMsBase: 50, backoffMsMax: 10_000 } });
    setTimeout(() => stop.abort(), 1_000);
    for await (const _ of client.tail({ signal: stop.signal }));
    expect(gateway.seen.length).toBeGreaterThan(1);
    expect(gateway.seen.length).toBeLessThan(40);
  });

  it('reads no further than its loop does', async () => {
    let written = 0;
    const gateway = await scriptedGateway((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const padding = 'x'.repeat(64_000);
      const more = () => {
        while (written < 2_000 && response.write(event(`${(written += 1)}${padding}`, `t1~${written}`)));
      };
      response.on('drain', more);
      more();
    });
    for await (const _ of gateway.client().tail()) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      break;
    }
    // Socket buffers hold some megabytes; a client that read on would have all 128 by now.
    expect(written).toBeLessThan(500);
  });
});
