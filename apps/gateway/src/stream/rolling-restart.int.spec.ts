import { ChordaClient, type TailMessage } from '@chorda/client';
import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Balancer } from '../test-support/balancer.js';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executedData } from '../test-support/requests.js';
import { SocketClient } from '../test-support/socket-client.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let balancer: Balancer;
let apiKey: string;
const gateways: GatewayUnderTest[] = [];
/** So small that a client that comes back finds its place in no ring. */
const settings = { CHORDA_TAIL_EVENTS_MAX: '30' };

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  balancer = await Balancer.listen();
  apiKey = await ground.issueKey(everyScope);
  gateways.push(await startGatewayOn(ground, settings), await startGatewayOn(ground, settings));
  balancer.targets = gateways.map(({ url }) => url);
});

afterAll(async () => {
  balancer?.close();
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await ground?.close();
});

const keys = 7;
const source = `urn:spec:${newId()}`;

/** Sends events one behind the other for as long as it is let, each key counted up. */
class Load {
  private readonly sending: Promise<void>;
  private isOver = false;
  readonly sent: { readonly subject: string; readonly number: number }[] = [];

  constructor(private readonly client: ChordaClient) {
    this.sending = this.run();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.sending;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const batch = Array.from({ length: 10 }, (_, index) => {
        const at = this.sent.length + index;
        return { subject: `AGENT-${at % keys}`, number: Math.floor(at / keys) };
      });
      for (const { subject, number } of batch) {
        const data = { ...executedData({ agent_id: subject, execution_time_ms: number }) };
        await this.client.events.send({
          type: 'agent.executed',
          id: `${subject}/${number}`,
          source,
          data: Object(data),
        });
      }
      this.sent.push(...batch);
    }
  }
}

/** Takes the place of the oldest gateway by a new one. */
async function replaceOne(): Promise<void> {
  const [oldest] = gateways;
  const next = await startGatewayOn(ground, settings);
  gateways.push(next);
  balancer.targets = gateways.filter((gateway) => gateway !== oldest).map(({ url }) => url);
  gateways.shift();
  await oldest?.stop();
}

describe('a rolling restart of two gateways under load', () => {
  it('drops no tail: each sees every event once, in the order of its key, while the journal lags', async () => {
    const client = new ChordaClient({ url: balancer.url, apiKey, retry: { backoffMsMax: 200 } });
    const leaving = new AbortController();
    const seen = [new Seen(), new Seen(), new Seen()];
    const filters = [{}, { filter: 'data.execution_time_ms >= 0' }, { types: ['agent.executed' as const] }];
    const losses: string[] = [];
    const tails = seen.map(async (each, index) => {
      const options = {
        ...{ source, signal: leaving.signal, ...filters[index] },
        onConnection: (state: string) => {
          if (state === 'open') each.isOpen = true;
          else losses.push(state);
        },
      };
      for await (const message of client.tail(options)) each.take(message);
    });
    await untilTrue(() => seen.every(({ isOpen }) => isOpen));
    const load = new Load(client);
    await untilTrue(() => load.sent.length > 50, 20_000);
    await replaceOne();
    await ground.journal.catchUp();
    await untilTrue(() => load.sent.length > 100, 20_000);
    await replaceOne();
    await replaceOne();
    await load.stop();
    await untilTrue(
      () => seen.every(({ ids }) => ids.length >= load.sent.length),
      30_000,
      () => `${seen.map(({ ids, resyncs }) => `${ids.length} with ${resyncs} gaps`).join(', ')} of ${load.sent.length}`,
    );
    leaving.abort();
    await Promise.all(tails);
    // The fault was hit: every tail lost its connection at least once.
    expect(losses.length).toBeGreaterThanOrEqual(3);
    const expected = load.sent.map(({ subject, number }) => `${subject}/${number}`);
    for (const each of seen) {
      expect(each.resyncs).toBe(0);
      expect([...each.ids].sort()).toEqual([...expected].sort());
      for (let key = 0; key < keys; key += 1) {
        const ofKey = each.ids.filter((id) => id.startsWith(`AGENT-${key}/`)).map((id) => Number(id.split('/')[1]));
        expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
      }
    }
  });

  it('lets a WebSocket go on at the other gateway, and begin in the past', async () => {
    const client = new ChordaClient({ url: balancer.url, apiKey });
    const socket = await SocketClient.connect(gateways[0]?.url ?? '', { key: apiKey });
    const since = new Date().toISOString();
    const mine = `urn:spec:${newId()}`;
    const send = (id: string) =>
      client.events.send({ type: 'agent.executed', id, source: mine, data: Object(executedData()) });
    await send('1');
    await socket.subscribe('s', { source: mine, since });
    await send('2');
    await socket.until(() => socket.ids('s').length === 2);
    const position = socket.position('s');
    await replaceOne();
    expect(await socket.closed()).toBe(1012);
    await send('3');
    const other = await SocketClient.connect(gateways[0]?.url ?? '', { key: apiKey });
    await other.subscribe('s', { source: mine, from: position });
    await send('4');
    await other.until(() => other.ids('s').length === 2);
    expect([...socket.ids('s'), ...other.ids('s')]).toEqual(['1', '2', '3', '4']);
    other.close();
  });
});

class Seen {
  readonly ids: string[] = [];
  resyncs = 0;
  isOpen = false;

  take(message: TailMessage): void {
    if (message.kind === 'resync') this.resyncs += 1;
    else this.ids.push(message.event.id);
  }
}
