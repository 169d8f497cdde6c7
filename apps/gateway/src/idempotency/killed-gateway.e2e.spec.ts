import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { derivedId, newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { everyScope, prepareGround, type Ground } from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

/** Guarantee: a gateway that is killed between append and answer leaves one effect, and the right answer to a repeat. */
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const leaseMs = 5_000;
const folder = mkdtempSync(join(tmpdir(), 'chorda-killed-'));

let ground: Ground;
let key: string;
let other: GatewayClient;
const running: ChildProcess[] = [];

beforeAll(async () => {
  if (!existsSync(program)) throw new Error('Build first: npm run build');
  ground = await prepareGround(inject('stack'));
  key = await ground.issueKey(everyScope);
  other = (await startBuilt()).client;
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
  await ground?.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function startBuilt(crash: Record<string, string> = {}): Promise<{ client: GatewayClient; child: ChildProcess }> {
  const [port, metrics] = [await freePort(), await freePort()];
  const env = {
    ...ground.env,
    ...crash,
    NODE_ENV: 'test',
    CHORDA_IDEMPOTENCY_LEASE_MS: String(leaseMs),
    REDIS_URL: inject('stack').redisUrl,
    PORT: `${port}`,
    METRICS_PORT: `${metrics}`,
    PATH: process.env['PATH'],
  };
  const child = spawn(process.execPath, [program], { env, stdio: 'ignore' });
  running.push(child);
  const url = `http://127.0.0.1:${port}`;
  await untilTrue(() => fetch(`${url}/readyz`).then(({ ok }) => ok, () => false), 55_000); // prettier-ignore
  return { client: new GatewayClient(url, key), child };
}

describe.each(['gateway-acknowledged-unanswered', 'gateway-answered-unkept', 'gateway-kept-unanswered'])(
  'killed at %s',
  (point) => {
    it('a repeat at another gateway has the event once, with the id and the answer of the first', async () => {
      const log = join(folder, point);
      const doomed = await startBuilt({ CHORDA_CRASH_AT: point, CHORDA_CRASH_LOG: log });
      const correlation = newId();
      const { id: _id, ...event } = executed({ correlationid: correlation });
      const idempotent = { headers: { 'idempotency-key': newId() } };
      const gone = once(doomed.child, 'exit');
      await expect(doomed.client.send(event, idempotent)).rejects.toThrow(/fetch failed/);
      expect(await gone).toEqual([null, 'SIGKILL']);
      expect(readFileSync(log, 'utf8')).toBe(`${point}\n`);

      let answer = await other.send(event, idempotent);
      const seen = new Set([answer.status]);
      while (answer.status === 409) {
        expect(answer.body['code']).toBe('IDEMPOTENCY_KEY_IN_FLIGHT');
        await new Promise((resolve) => setTimeout(resolve, 100));
        answer = await other.send(event, idempotent);
        seen.add(answer.status);
      }
      const id = derivedId('default', idempotent.headers['idempotency-key'], 0);
      expect(answer).toMatchObject({ status: 201, body: { status: 'logged', id } });
      const isKept = point === 'gateway-kept-unanswered';
      expect(answer.headers.get('idempotency-replayed')).toBe(isKept ? 'true' : null);
      // Where the answer was not kept, the lease of the one that is gone was waited for.
      expect(seen.has(409)).toBe(!isKept);
      expect((await other.send(event, idempotent)).body).toEqual(answer.body);

      await ground.journal.catchUp();
      const page = await other.get(`/v1/events?correlation_id=${correlation}`);
      expect(page.body['items']).toMatchObject([{ id }]);
    });
  },
);
