import { request } from 'node:http';
import { newId } from '@chorda/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';
import { SseClient } from '../test-support/sse-client.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let key: string;
let sender: GatewayClient;
const clients: SseClient[] = [];

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_TAIL_EVENTS_MAX: '40', CHORDA_TAIL_SLOW_MS_MAX: '300' });
  key = await ground.issueKey(everyScope);
  sender = new GatewayClient(gateway.url, key);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

async function watch(query = '', headers: Record<string, string> = {}, at = gateway): Promise<SseClient> {
  const client = new SseClient(at.url, key);
  clients.push(client);
  return client.open(query, headers);
}

/** Sends events one after another, so that their order is known, and gives their ids. */
async function send(count: number, source: string, through = sender): Promise<readonly string[]> {
  const events = Array.from({ length: count }, (_, index) => executed({ source }, { agent_id: `AGENT-${index % 5}` }));
  const { status } = await through.send(events);
  expect(status).toBe(200);
  return events.map(({ id }) => id);
}

const sorted = (ids: readonly string[]) => [...ids].sort();
const freshSource = () => `urn:spec:${newId()}`;

describe('the live tail', () => {
  it('shows an event as the log takes it, and only what was asked for', async () => {
    const source = freshSource();
    const all = await watch(`?source=${source}`);
    const failed = await watch(`?source=${source}&type=agent.failed,workflow.completed`);
    const one = await watch(`?source=${source}&subject=AGENT-1`);
    const ids = await send(10, source);
    await all.untilEvents(10);
    expect(sorted(all.ids())).toEqual(sorted(ids));
    await one.untilEvents(2);
    expect(one.events().every(({ subject }) => subject === 'AGENT-1')).toBe(true);
    expect(failed.events()).toEqual([]);
  });

  it('never shows an event of another tenant', async () => {
    const source = freshSource();
    const mine = await watch(`?source=${source}`);
    const other = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
    await send(5, source, other);
    const ids = await send(3, source);
    await mine.untilEvents(3);
    expect(sorted(mine.ids())).toEqual(sorted(ids));
  });

  it('shows a repeat once', async () => {
    const source = freshSource();
    const client = await watch(`?source=${source}`);
    const event = executed({ source });
    await sender.send(event);
    await sender.send(event);
    const [last] = await send(1, source);
    await client.untilEvents(2);
    expect(client.ids()).toEqual([event.id, last]);
  });

  it('does not let a text begin a line of the stream', async () => {
    const source = freshSource();
    const client = await watch(`?source=${source}`);
    await sender.send(executed({ source }, { input_data: 'a\n\nevent: dropped\ndata: {}\n\n\r\nid: x' }));
    await client.untilEvents(1);
    expect(client.messages.filter(({ event }) => event === 'dropped')).toEqual([]);
  });
});

describe('a client that comes back', () => {
  it('goes on from memory where the ring still has it', async () => {
    const source = freshSource();
    const first = await watch(`?source=${source}`);
    const before = await send(5, source);
    await first.untilEvents(5);
    await first.close();
    const missed = await send(5, source);
    const second = await watch(`?source=${source}`, { 'last-event-id': first.lastEventId });
    await second.untilEvents(5);
    expect(sorted([...first.ids(), ...second.ids()])).toEqual(sorted([...before, ...missed]));
  });

  it('goes on through journal and ring, cut exactly at the seam, and one to either side of it', async () => {
    const source = freshSource();
    const first = await watch(`?source=${source}`);
    const ids: string[] = [];
    while (ids.length < 100) {
      // In portions that fit into the ring, which this gateway keeps small.
      ids.push(...(await send(20, source)));
      await first.untilEvents(ids.length);
    }
    await ground.journal.catchUp();
    // The ring keeps 40: its oldest is the 61st of what came last.
    const order = first.ids();
    const places = first.messages.filter(({ event }) => event === undefined).map(({ id }) => id ?? '');
    for (const cut of [0, 57, 58, 59, 60, 61, 98, 99]) {
      const again = await watch(`?source=${source}&last_event_id=${places[cut]}`);
      await again.untilEvents(99 - cut);
      expect(sorted(again.ids())).toEqual(sorted(order.slice(cut + 1)));
      await again.close();
    }
    expect(sorted(order)).toEqual(sorted(ids));
  });

  it('finds another gateway, and what nobody watched in between', async () => {
    const source = freshSource();
    const first = await watch(`?source=${source}`);
    const before = await send(5, source);
    await first.untilEvents(5);
    await first.close();
    const missed = await send(60, source);
    const other = await startGatewayOn(ground);
    try {
      await ground.journal.catchUp();
      const second = await watch(`?source=${source}`, { 'last-event-id': first.lastEventId }, other);
      await second.untilEvents(60);
      const live = await send(3, source);
      await second.untilEvents(63);
      expect(sorted([...first.ids(), ...second.ids()])).toEqual(sorted([...before, ...missed, ...live]));
      await second.close();
    } finally {
      await other.stop();
    }
  });

  it('may bring the position of its own write', async () => {
    const source = freshSource();
    const { body } = await sender.send(executed({ source }));
    const after = executed({ source });
    await sender.send(after);
    const client = await watch(`?source=${source}&last_event_id=${String(body['position'])}`);
    await client.untilEvents(1);
    expect(client.ids()).toEqual([after.id]);
  });

  it('is told to read anew when its place is of another log', async () => {
    const client = await watch('?last_event_id=t1~-~agent.events~zzzzzz');
    expect(client.named('resync').map(({ data }) => Object(JSON.parse(data)).reason)).toEqual(['position_unknown']);
  });
});

describe('a client whose place is older than the journal', () => {
  it('is told to read anew, and goes on from the present', async () => {
    const source = freshSource();
    await send(3, source);
    // Two days ago: the journal of these specs begins yesterday.
    const seconds = Math.floor(Date.now() / 1000) - 2 * 86_400 - 3_600;
    const other = await startGatewayOn(ground);
    try {
      const client = await watch(`?source=${source}&last_event_id=t1~${seconds.toString(36)}`, {}, other);
      await untilTrue(() => client.named('resync').length > 0);
      expect(client.named('resync').map(({ data }) => Object(JSON.parse(data)).reason)).toEqual(['history_gone']);
      const live = await send(2, source);
      await client.untilEvents(2);
      expect(sorted(client.ids())).toEqual(sorted(live));
      await client.close();
    } finally {
      await other.stop();
    }
  });
});

describe('a client that does not read', () => {
  it('is dropped, and holds up nobody', async () => {
    const source = freshSource();
    const quick = await watch(`?source=${source}`);
    const dropped = () => gateway.host.metrics.getSingleMetricAsString('chorda_tail_closed_total');
    const slow = request(`${gateway.url}/v1/stream?source=${source}`, { headers: { authorization: `Bearer ${key}` } });
    slow.on('error', () => undefined);
    slow.on('response', (response) => response.pause());
    slow.end();
    const text = 'x'.repeat(200_000);
    let sent = 0;
    await untilTrue(
      async () => {
        await sender.send(Array.from({ length: 10 }, () => executed({ source }, { input_data: text })));
        sent += 10;
        return (await dropped()).includes('reason="slow"');
      },
      45_000,
      () => `sent ${sent}`,
    );
    await quick.untilEvents(sent);
    slow.destroy();
  });
});

describe('a gateway that stops', () => {
  it('tells its clients to come back, and leaves no group behind', async () => {
    const stopping = await startGatewayOn(ground);
    const client = await watch('', {}, stopping);
    await stopping.stop();
    await untilTrue(() => client.isEnded);
    expect(client.named('reconnect').map(({ data }) => Object(JSON.parse(data)).reason)).toEqual(['stopping']);
    expect(client.lastEventId).toMatch(/^t1/);
  });
});
