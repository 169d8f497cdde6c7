import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { defaultTenant, newId } from '@chorda/kernel';
import { parseApiKey } from '@chorda/platform';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../../test-support/requests.js';
import { SocketClient } from '../../test-support/socket-client.js';
import { untilTrue } from '../../test-support/until-true.js';

const settings = {
  CHORDA_TAIL_HEARTBEAT_MS: '400',
  CHORDA_TAIL_KEY_CLIENTS_MAX: '8',
  CHORDA_TAIL_TENANT_CLIENTS_MAX: '40',
  CHORDA_TAIL_SLOW_MS_MAX: '300',
  CHORDA_TAIL_EVENTS_MAX: '40',
  CHORDA_WS_ORIGINS: 'https://ops.example.org',
};

let ground: Ground;
let gateway: GatewayUnderTest;
let key: string;
let sender: GatewayClient;
const clients: SocketClient[] = [];

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, settings);
  sender = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

type Connecting = Parameters<typeof SocketClient.connect>[1];

async function open(options: Connecting = {}, at = gateway): Promise<SocketClient> {
  key = await ground.issueKey(everyScope);
  const client = await SocketClient.connect(at.url, { key, ...options });
  clients.push(client);
  return client;
}

async function send(count: number, source: string, changes: (index: number) => object = () => ({})) {
  const events = Array.from({ length: count }, (_, index) =>
    executed({ source }, { agent_id: `AGENT-${index % 5}`, ...changes(index) }),
  );
  expect((await sender.send(events)).status).toBe(200);
  return events.map(({ id }) => id);
}

const freshSource = () => `urn:spec:${newId()}`;
const sorted = (ids: readonly string[]) => [...ids].sort();
const metric = (name: string) => gateway.host.metrics.getSingleMetricAsString(name);
const problemOf = (client: SocketClient) => Object(client.named('error').at(-1)?.['problem']);
async function complaint(client: SocketClient, message: unknown): Promise<{ code: string; text: string }> {
  const before = client.named('error').length;
  client.say(message);
  await client.until(() => client.named('error').length > before);
  const problem = problemOf(client);
  return { code: problem.code, text: JSON.stringify(problem.errors ?? problem.detail) };
}

describe('a WebSocket', () => {
  it('carries several subscriptions, each with what it asked for', async () => {
    const source = freshSource();
    const client = await open();
    await client.subscribe('all', { source });
    await client.subscribe('one', { source, subject: 'AGENT-1' });
    await client.subscribe('cel', {
      filter: `source == "${source}" && data.execution_time_ms > 5.0 && type == "agent.executed"`,
    });
    await client.subscribe('none', { source, types: ['agent.failed'], topics: ['agent.events'] });
    const ids = await send(10, source, (index) => ({ execution_time_ms: index }));
    await client.until(() => client.ids('all').length === 10 && client.ids('cel').length === 4);
    expect(sorted(client.ids('all'))).toEqual(sorted(ids));
    expect(sorted(client.ids('cel'))).toEqual(sorted(ids.slice(6)));
    expect(client.ids('one')).toEqual([ids[1], ids[6]]);
    expect(client.ids('none')).toEqual([]);
  });

  it('shows nothing of a subscription that was ended, and goes on with its place in another', async () => {
    const source = freshSource();
    const client = await open();
    await client.subscribe('a', { source });
    const before = await send(3, source);
    await client.until(() => client.ids('a').length === 3);
    client.say({ kind: 'unsubscribe', id: 'a' });
    await client.until(() => client.named('unsubscribed').length === 1);
    const missed = await send(60, source);
    await ground.journal.catchUp();
    expect(client.ids('a')).toEqual(expect.arrayContaining(before));
    await client.subscribe('b', { source, from: client.position('a') });
    await client.until(() => client.ids('b').length === 60);
    expect(sorted(client.ids('b'))).toEqual(sorted(missed));
  });

  it('never shows an event of another tenant, with a place of that tenant either', async () => {
    const source = freshSource();
    const otherKey = await ground.issueKey(['admin'], otherTenant);
    const theirs = await open({ key: otherKey });
    await theirs.subscribe('s', { source });
    const ids = await send(3, source);
    const client = await open();
    await client.subscribe('s', { source, from: theirs.position('s') });
    await client.until(() => client.ids('s').length === 3);
    expect(sorted(client.ids('s'))).toEqual(sorted(ids));
    await theirs.subscribe('again', { source, from: client.position('s') });
    await theirs.subscribe('filtered', { filter: 'tenant == "default"' });
    await send(1, source);
    expect(theirs.named('event')).toEqual([]);
  });

  it('says where it stands while nothing comes, and answers a ping', async () => {
    const client = await open();
    await client.subscribe('s', { source: freshSource() });
    client.say({ kind: 'ping' });
    await client.until(() => client.named('pong').length === 1 && client.named('heartbeat').length > 0);
    expect(client.named('heartbeat')[0]).toMatchObject({ id: 's', position: expect.stringMatching(/^t1~/) });
  });
});

describe('who may connect', () => {
  const refusal = (options: Connecting) => SocketClient.connect(gateway.url, options).then(() => 'let in', String);

  it('says so by a subprotocol, which is not answered, or by the first message', async () => {
    const token = await ground.issueKey(['events:read']);
    const page = await SocketClient.connect(gateway.url, { protocols: ['chorda.v1', `chorda.token.${token}`] });
    await page.until(() => page.named('ready').length === 1);
    expect(page.socket.protocol).toBe('chorda.v1');
    const late = await SocketClient.connect(gateway.url);
    clients.push(page, late);
    late.say({ kind: 'authenticate', token });
    await late.until(() => late.named('ready').length === 1);
    await late.subscribe('s');
  });

  it.each([
    ['a wrong key', { key: 'chd_nonsense_nonsense' }, '401 UNAUTHENTICATED'],
    ['another scheme', { headers: { authorization: 'Basic eDp5' } }, '401 UNAUTHENTICATED'],
    ['a foreign page', { headers: { origin: 'https://evil.example' } }, '403 FORBIDDEN'],
    ['a page of nowhere', { headers: { origin: 'null' } }, '403 FORBIDDEN'],
    ['another subprotocol', { protocols: ['graphql-ws'] }, '400 INVALID_REQUEST'],
  ])('is not %s', async (_name, options, answer) => {
    expect(await refusal(options)).toContain(answer);
  });

  it('is a page of the gateway itself, or of a listed origin', async () => {
    for (const origin of ['https://ops.example.org', gateway.url]) {
      expect((await open({ headers: { origin } })).closeCode).toBeUndefined();
    }
  });

  it('is nobody with a key that does not allow reading, a key in the address, or another address', async () => {
    expect(await refusal({ key: await ground.issueKey(['events:write']) })).toContain('403 FORBIDDEN');
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    expect(await rawStatus('/v1/ws?token=chd_x', upgrade)).toBe(400);
    expect(await rawStatus('/v1/wss', upgrade)).toBe(404);
    expect(await rawStatus('/v1/ws', upgrade)).toBe(400);
  });

  it('gets an ordinary answer where it offers what is not spoken here', async () => {
    const authorization = `Bearer ${await ground.issueKey(['events:read'])}`;
    expect(await rawStatus('/v1/events', { connection: 'Upgrade', upgrade: 'h2c', authorization })).toBe(200);
    expect(await rawStatus('/v1/ws', { authorization })).toBe(426);
    expect(await rawStatus('/v1/ws', {})).toBe(401);
  });

  it('has to say so in the first message', async () => {
    const client = await SocketClient.connect(gateway.url);
    client.say({ kind: 'subscribe', id: 's' });
    expect(await client.closed()).toBe(4401);
    const wrong = await SocketClient.connect(gateway.url);
    wrong.say({ kind: 'authenticate', token: 'chd_nonsense_nonsense' });
    expect(await wrong.closed()).toBe(4401);
    expect(problemOf(wrong).code).toBe('UNAUTHENTICATED');
  });

  it('is sent away when its key is revoked, and a stream too', async () => {
    const client = await open();
    await client.subscribe('s');
    const stream = await fetch(`${gateway.url}/v1/stream`, { headers: { authorization: `Bearer ${key}` } });
    await ground.keys.revoke(defaultTenant, parseApiKey(key)?.keyId ?? '');
    expect(await client.closed()).toBe(4401);
    expect(await stream.text()).toContain('event: open');
  });

  it('is at most so many of one key', async () => {
    const first = await open();
    const others = await Promise.all(Array.from({ length: 7 }, () => SocketClient.connect(gateway.url, { key })));
    expect(await refusal({ key })).toContain('429 TOO_MANY_STREAMS');
    const answer = await fetch(`${gateway.url}/v1/stream`, { headers: { authorization: `Bearer ${key}` } });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '5']);
    for (const each of [first, ...others]) each.close();
    await untilNobody();
    clients.push(await SocketClient.connect(gateway.url, { key }));
    expect(await metric('chorda_tail_refused_total')).toContain('bound="key"');
  });
});

describe('a message that breaks a rule', () => {
  it.each([
    ['no JSON', '{"kind":', 'INVALID_JSON', 'not JSON'],
    ['no object', '[]', 'INVALID_REQUEST', ''],
    ['null', 'null', 'INVALID_REQUEST', ''],
    ['an unknown kind', { kind: 'publish' }, 'INVALID_REQUEST', 'authenticate, subscribe, unsubscribe or ping'],
    ['a prototype', '{"kind":"ping","__proto__":{"a":1}}', 'INVALID_REQUEST', '__proto__'],
    ['nested deep', `{"kind":"ping","x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'INVALID_REQUEST', ''],
    ['an id that is none', { kind: 'subscribe', id: 'a b' }, 'INVALID_REQUEST', '/id'],
    ['a long id', { kind: 'subscribe', id: 'a'.repeat(65) }, 'INVALID_REQUEST', '/id'],
    ['an unknown type', { kind: 'subscribe', id: 's', types: ['agent.danced'] }, 'INVALID_REQUEST', '/types/0'],
    ['an unknown topic', { kind: 'subscribe', id: 's', topics: ['agent.commands'] }, 'INVALID_REQUEST', '/topics/0'],
    ['another field', { kind: 'subscribe', id: 's', tenant: 'other' }, 'INVALID_REQUEST', 'tenant'],
    ['no place', { kind: 'subscribe', id: 's', from: 'yesterday' }, 'INVALID_REQUEST', '/from'],
    ['a filter that is none', { kind: 'subscribe', id: 's', filter: 'type ==' }, 'INVALID_REQUEST', '/filter'],
    ['a filter of 64 KB', { kind: 'subscribe', id: 's', filter: 'a'.repeat(65_536) }, 'INVALID_REQUEST', '2048'],
    ['the end of nothing', { kind: 'unsubscribe', id: 'x' }, 'INVALID_REQUEST', '/id'],
  ])('is answered with the rule, and the connection stays: %s', async (_name, message, code, text) => {
    const client = await open();
    const told = await complaint(client, message);
    expect(told.code).toBe(code);
    expect(told.text).toContain(text);
    client.say({ kind: 'ping' });
    await client.until(() => client.named('pong').length === 1);
  });

  it('is one of a thousand subscriptions', async () => {
    const client = await open();
    for (let index = 0; index < 70; index += 1) client.say({ kind: 'subscribe', id: `s${index}` });
    await client.until(() => client.named('error').length === 6);
    expect(JSON.stringify(problemOf(client).errors)).toContain('at most 64 subscriptions');
    expect(client.named('subscribed').length).toBeLessThanOrEqual(64);
    expect(await complaint(client, { kind: 'subscribe', id: 's1' })).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('is one too many: the client does not listen', async () => {
    const client = await open();
    for (let index = 0; index < 30; index += 1) client.say('nonsense');
    expect(await client.closed()).toBe(4400);
  });

  it('is one of a flood', async () => {
    const client = await open();
    for (let index = 0; index < 2_000 && client.closeCode === undefined; index += 1) client.say({ kind: 'ping' });
    expect(await client.closed()).toBe(4429);
    const pinger = await open();
    for (let index = 0; index < 2_000; index += 1) pinger.socket.ping();
    // 1006: cut off by the library, which keeps no more pongs than so many.
    expect([4429, 1006]).toContain(await pinger.closed());
  });

  it.each([
    ['binary', 1003, (client: SocketClient) => client.socket.send(randomBytes(10))],
    ['larger than may be', 1009, (client: SocketClient) => client.say('x'.repeat(300_000))],
    [
      'in too many pieces',
      1008,
      (client: SocketClient) => {
        for (let index = 0; index < 100; index += 1) client.socket.send('x', { fin: false });
      },
    ],
  ])('closes the connection with the code that says so: %s', async (_name, code, act) => {
    const client = await open();
    act(client);
    expect(await client.closed()).toBe(code);
  });
});

describe('a client that is not there', () => {
  it('is cut off when it answers no ping', async () => {
    const silent = await open({ autoPong: false });
    expect(await silent.closed()).toBe(1006);
    const half = await halfOpen(await ground.issueKey(['events:read']));
    half.pause();
    await untilNobody();
    half.destroy();
  });

  it('is dropped when it does not take its events, and holds up nobody', async () => {
    // Nobody is cut off for an unanswered ping here: only what lies untaken tells.
    const patient = await startGatewayOn(ground, { CHORDA_TAIL_SLOW_MS_MAX: '1000', CHORDA_TAIL_EVENTS_MAX: '40' });
    try {
      const source = freshSource();
      const quick = await open({}, patient);
      await quick.subscribe('s', { source });
      const slow = await halfOpen(await ground.issueKey(['events:read']), { source }, patient.url);
      slow.pause();
      const text = 'x'.repeat(200_000);
      const dropped = () => patient.host.metrics.getSingleMetricAsString('chorda_tail_closed_total');
      let sent = 0;
      await untilTrue(
        async () => {
          sent += (await send(10, source, () => ({ input_data: text }))).length;
          await quick.until(() => quick.ids('s').length === sent);
          return (await dropped()).includes('reason="slow"');
        },
        45_000,
        () => `sent ${sent}`,
      );
      slow.destroy();
    } finally {
      await patient.stop();
    }
  });
});

const untilNobody = () =>
  untilTrue(
    async () => /transport="websocket"[^}]*\} 0/.test(await metric('chorda_tail_clients')),
    10_000,
    () => metric('chorda_tail_clients'),
  );

describe('a gateway that stops', () => {
  it('says so to each subscription, then closes with 1012', async () => {
    const stopping = await startGatewayOn(ground, settings);
    const client = await open({}, stopping);
    await client.subscribe('s');
    await client.subscribe('t');
    await stopping.stop();
    expect(await client.closed()).toBe(1012);
    expect(client.named('reconnect')).toMatchObject([{ id: 's', reason: 'stopping' }, { id: 't' }]);
  });
});

/** A handshake by hand, and a client that does nothing more than it is told to. */
async function halfOpen(token: string, wish: object = {}, at = gateway.url): Promise<Socket> {
  const { hostname, port } = new URL(at);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1')));
  socket.write(
    `GET /v1/ws HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
      `sec-websocket-key: ${randomBytes(16).toString('base64')}\r\nauthorization: Bearer ${token}\r\n\r\n`,
  );
  await untilTrue(() => received.includes('"ready"'));
  const message = Buffer.from(JSON.stringify({ kind: 'subscribe', id: 's', ...wish }));
  // Masked by zeros, which changes nothing.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), message]));
  await untilTrue(() => received.includes('"subscribed"'));
  return socket;
}

async function rawStatus(path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1')));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n${lines.join('')}\r\n`);
  await untilTrue(() => received.includes('\r\n'));
  socket.destroy();
  return Number(received.split(' ')[1]);
}
