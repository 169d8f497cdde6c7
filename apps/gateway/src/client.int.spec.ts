import {
  ChordaClient,
  ChordaError,
  uncheckedEvent,
  type OutgoingEvent,
  type ServiceInstance,
  type TailMessage,
} from '@chorda/client';
import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, expectTypeOf, inject, it } from 'vitest';
import type { ShownInstance } from './system/system.controller.js';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from './test-support/gateway-under-test.js';
import { untilTrue } from './test-support/until-true.js';

/** The SDK against the gateway it is for: each holds the other to the same paths, names and answers. */
let ground: Ground;
let gateway: GatewayUnderTest;
let apiKey: string;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  apiKey = await ground.issueKey(everyScope);
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const client = () => new ChordaClient({ url: gateway.url, apiKey, source: 'urn:sdk-spec' });

function executed(agentId: string, input: number, correlationId?: string): OutgoingEvent {
  return {
    correlationid: correlationId,
    type: 'agent.executed',
    data: {
      agent_id: agentId,
      execution_id: newId(),
      input_data: { input },
      output_data: null,
      execution_time_ms: 12,
      status: 'completed',
    },
  };
}

describe('the client and the gateway', () => {
  it('send events line by line while they come, answered in their order, and wait until they can be read', async () => {
    async function* coming() {
      for (let index = 0; index < 1_200; index += 1) {
        yield index === 7 ? uncheckedEvent({ type: 'agent.deleted', data: { agent_id: 7 } }) : executed('line', index);
      }
    }
    const results = [];
    for await (const result of client().events.sendLines(coming())) results.push(result);
    expect(results).toHaveLength(1_200);
    expect(results.map(({ status }, index) => [index, status]).filter(([, status]) => status !== 'logged')).toEqual([
      [7, 'refused'],
    ]);
    const last = results.at(-1);
    const position = last?.status === 'logged' ? last.position : '';
    await expect(client().waitFor(position, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'NOT_REACHED' });
    const waiting = client().waitFor(position, { timeoutMs: 60_000 });
    await ground.journal.catchUp();
    await waiting;
  });

  it('make, show and end keys and tenants, and show topics and schemas', async () => {
    const { keys, tenants, topics, schemas } = client();
    const made = await keys.create({ name: 'made', role: 'producer', expires_in_days: 1 });
    expect(await keys.get(made.key_id)).toMatchObject({ name: 'made', scopes: ['events:write'], state: 'valid' });
    const own = new ChordaClient({ url: gateway.url, apiKey: made.key });
    expect(await own.events.send(executed('own', 1))).toMatchObject({ status: 'logged' });
    await keys.revoke(made.key_id);
    expect((await keys.list()).find(({ key_id: id }) => id === made.key_id)?.state).toBe('revoked');
    await expect(keys.get('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await tenants.create({ tenant_id: 'sdk', name: 'SDK' })).toMatchObject({ tenant_id: 'sdk' });
    expect(await tenants.change('sdk', { events_per_day: 5 })).toMatchObject({ events_per_day: 5 });
    expect((await topics.list()).map(({ name }) => name)).toContain('agent.events');
    expect(await topics.get('agent.events')).toMatchObject({ exists: true });
    expect((await schemas.list()).length).toBeGreaterThan(10);
    const registered = await schemas.register('external.sdk_spec', {
      avro: { type: 'record', name: 'SdkSpec', fields: [{ name: 'n', type: 'long' }] },
    });
    expect(registered).toMatchObject({ outcome: 'registered', topic: 'external.sdk_spec' });
  });

  it('send an event, read it back by its id, and find it', async () => {
    const agentId = newId();
    const { id } = await client().events.send(executed(agentId, 1, 'c-1'));
    await ground.journal.catchUp();
    const event = await client().events.get(id);
    expect(event).toMatchObject({ id, source: 'urn:sdk-spec', subject: agentId, correlationid: 'c-1' });
    expect(event.type === 'agent.executed' && event.data.input_data).toEqual({ input: 1 });
    const found: string[] = [];
    const filter = { types: ['agent.executed'] as const, subject: agentId, correlationId: 'c-1', from: new Date(0) };
    for await (const each of client().events.search(filter, { limit: 1 })) found.push(each.id);
    expect(found).toEqual([id]);
  });

  it('find all of many events, page by page', async () => {
    const agentId = newId();
    const results = await client().events.sendAll(Array.from({ length: 25 }, (_, index) => executed(agentId, index)));
    expect(results.every(({ status }) => status === 'logged')).toBe(true);
    await ground.journal.catchUp();
    const pages: number[] = [];
    const found = new Set<string>();
    for await (const page of client().events.search({ subject: agentId }, { limit: 10 }).pages()) {
      pages.push(page.events.length);
      for (const { id } of page.events) found.add(id);
    }
    expect(pages).toEqual([10, 10, 5]);
    expect([...found].sort()).toEqual(results.map(({ id }) => id).sort());
  });

  it('wait for a position, and say so where it is not reached', async () => {
    const agentId = newId();
    const { position } = await client().events.send(executed(agentId, 1));
    const pages = client().events.search({ subject: agentId }, { minPosition: position, waitMs: 100 }).pages();
    for await (const page of pages) expect(page).toMatchObject({ events: [], complete: false, reason: 'lagging' });
    await ground.journal.catchUp();
    const after = client().events.search({ subject: agentId }, { minPosition: position, waitMs: 10_000 }).pages();
    for await (const page of after) expect(page).toMatchObject({ events: [{ position }], complete: true });
  });

  it('wait for everything that was sent in several requests', async () => {
    const agentId = newId();
    const events = (count: number) => Array.from({ length: count }, (_, index) => executed(agentId, index));
    const { positions } = await client().events.sendAll(events(1_001));
    expect(positions).toHaveLength(2);
    const found = async (waitMs: number) => {
      const search = client().events.search({ subject: agentId }, { minPosition: positions, waitMs, limit: 1 });
      for await (const page of search.pages()) return page.complete;
    };
    expect(await found(100)).toBe(false);
    await ground.journal.catchUp();
    expect(await found(10_000)).toBe(true);
    // Each of them counts: one that the journal has not come to holds the read back.
    const [later] = (await client().events.sendAll(events(1))).positions;
    const all = client().events.search(
      { subject: agentId },
      { minPosition: [later ?? '', ...positions], waitMs: 100, limit: 1 },
    );
    for await (const page of all.pages()) {
      expect(page.complete).toBe(false);
      break;
    }
  });

  it('name the field that is wrong, of one event and of one in a batch', async () => {
    const wrong = uncheckedEvent({ type: 'agent.deleted', data: { agent_id: 7 } });
    const error: unknown = await client()
      .events.send(wrong)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ChordaError);
    expect(error).toMatchObject({ status: 422, requestId: expect.any(String) });
    const agentId = newId();
    const bad = uncheckedEvent({ type: 'agent.executed', data: { agent_id: agentId } });
    const results = await client().events.sendAll([executed(agentId, 1), bad]);
    expect([...results]).toMatchObject([{ status: 'logged' }, { status: 'refused', error: { code: 'INVALID_EVENT' } }]);
    const [, refused] = results;
    const pointers =
      refused !== undefined && 'error' in refused ? refused.error.issues.map(({ pointer }) => pointer) : [];
    expect(pointers).toContain('/data/execution_id');
  });

  it('refuse a wrong key once and for all', async () => {
    const stranger = new ChordaClient({ url: gateway.url, apiKey: 'chd_wrong' });
    await expect(stranger.system()).rejects.toMatchObject({ status: 401, retriable: false });
    for (const transport of ['sse', 'websocket'] as const) {
      const tail = stranger.tail({ transport })[Symbol.asyncIterator]();
      await expect(tail.next()).rejects.toMatchObject({ status: 401 });
    }
    const wrong = client().tail({ transport: 'websocket', filter: 'data.' })[Symbol.asyncIterator]();
    await expect(wrong.next()).rejects.toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });

  it('show the services, with all that the gateway says of each', async () => {
    expect(await client().system()).toEqual({ services: [] });
    expectTypeOf<keyof ServiceInstance>().toEqualTypeOf<keyof ShownInstance>();
  });
});

describe('a tail over a restart of the gateway', () => {
  it.each(['sse', 'websocket'] as const)(
    'over %s brings each event once and in order, and says how the connection is',
    async (transport) => {
      const agentId = newId();
      const stop = new AbortController();
      const messages: TailMessage[] = [];
      const states: string[] = [];
      const tail = client().tail({
        transport,
        subject: agentId,
        signal: stop.signal,
        onConnection: (state) => states.push(state),
      });
      const reading = (async () => {
        for await (const message of tail) messages.push(message);
      })();
      await untilTrue(() => states.length === 1);
      for (let index = 0; index < 5; index += 1) await client().events.send(executed(agentId, index));
      await untilTrue(() => messages.length === 5);

      const { port } = new URL(gateway.url);
      await gateway.stop();
      gateway = await startGatewayOn(ground, { PORT: port });
      for (let index = 5; index < 10; index += 1) await client().events.send(executed(agentId, index));
      await ground.journal.catchUp();
      await untilTrue(
        () => messages.length >= 10,
        20_000,
        () => `${messages.length} messages, ${states.join(', ')}`,
      );

      const inputs = messages.map((message) =>
        message.kind === 'event' && message.event.type === 'agent.executed'
          ? message.event.data.input_data
          : message.kind,
      );
      expect(inputs).toEqual(Array.from({ length: 10 }, (_, input) => ({ input })));
      // A machine that is slow to start the other one is asked more than once.
      const changes = states.filter((state, index) => state !== states[index - 1]);
      expect(changes.slice(0, 3)).toEqual(['open', 'lost', 'open']);
      stop.abort();
      await reading;
    },
  );
});
