import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { everyScope, prepareGround, type Ground } from './test-support/gateway-under-test.js';
import { executed, GatewayClient, structured } from './test-support/requests.js';
import { untilTrue } from './test-support/until-true.js';

/** The built gateway as a process, stopped as an orchestrator stops it. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let ground: Ground;
let gateway: ChildProcess;
let output = '';
let port = 0;
let key: string;

beforeAll(async () => {
  if (!existsSync(program)) throw new Error('Build first: npm run build');
  ground = await prepareGround(inject('stack'));
  key = await ground.issueKey(everyScope);
});

beforeEach(async () => {
  const [ours, metrics] = [await freePort(), await freePort()];
  port = ours;
  const env = { ...ground.env, PORT: `${port}`, METRICS_PORT: `${metrics}`, PATH: process.env['PATH'] };
  gateway = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  output = '';
  for (const stream of [gateway.stdout, gateway.stderr]) stream?.on('data', (text) => (output += String(text)));
  await untilTrue(
    () => isReady(),
    30_000,
    () => output,
  );
});

afterAll(async () => {
  if (gateway?.exitCode === null) gateway.kill('SIGKILL');
  await ground?.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  return free;
}

async function isReady(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** A request whose body has begun to arrive, and what is left of it. */
async function beginRequest(body: string): Promise<{ readonly socket: Socket; readonly rest: string }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const half = Math.floor(body.length / 2);
  socket.write(
    `POST /v1/events HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${key}\r\ncontent-type: ${structured}\r\n` +
      `content-length: ${body.length}\r\n\r\n${body.slice(0, half)}`,
  );
  return { socket, rest: body.slice(half) };
}

describe('a gateway that is told to stop', () => {
  it('answers the request in flight, takes no other, and exits with 0', async () => {
    const event = executed();
    const { socket, rest } = await beginRequest(JSON.stringify(event));
    let answer = '';
    socket.on('data', (text) => (answer += text.toString()));
    // One that is answered behind it shows that the first has arrived.
    expect((await new GatewayClient(`http://127.0.0.1:${port}`, key).send(executed())).status).toBe(201);

    const exited = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    await untilTrue(async () => !(await isReady()));
    const other = await new GatewayClient(`http://127.0.0.1:${port}`, key).send(executed()).catch(() => undefined);
    expect([undefined, 503]).toContain(other?.status);
    expect(answer).toBe('');
    socket.write(rest);
    expect(await exited, output).toEqual([0, null]);
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    await ground.journal.catchUp();
    expect(ground.journal.holds(event.id)).toBe(true);
  });

  it('leaves no group of its tail behind', async () => {
    const group = /"group":"(gateway\.tail-[0-9a-f]+)"/.exec(output)?.[1] ?? '';
    expect(group).not.toBe('');
    expect(await ground.groupState(group)).toBe('NON_EMPTY_GROUP');
    const exited = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    expect(await exited, output).toEqual([0, null]);
    expect(await ground.groupState(group)).toBe('GROUP_ID_NOT_FOUND');
  });
});
