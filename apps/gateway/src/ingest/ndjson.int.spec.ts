import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { decodePosition } from '@chorda/contracts';
import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, executedData, GatewayClient } from '../test-support/requests.js';

const type = 'application/x-ndjson';
let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;
let key: string;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, {
    CHORDA_INGEST_REQUEST_EVENTS_MAX: '600',
    CHORDA_INGEST_REQUEST_BYTES_MAX: String(3 * 1024 * 1024),
  });
  key = await ground.issueKey(everyScope);
  client = new GatewayClient(gateway.url, key);
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const textOf = (events: readonly unknown[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

async function send(body: string | Buffer, headers: Record<string, string> = {}, query = '') {
  const answer = await client.text(body, { type, headers, query });
  const lines: Record<string, unknown>[] = answer.body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  return { ...answer, results: lines.slice(0, -1), last: lines.at(-1) };
}

describe('NDJSON', () => {
  it('is answered one line for each event, in order, and a last line with a position for all', async () => {
    const events = Array.from({ length: 550 }, (_, index) => executed({}, { agent_id: `AGENT-${index % 7}` }));
    const { status, headers, results, last } = await send(textOf(events));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    expect(results.map(({ index, status: each, id }) => [index, each, id])).toEqual(
      events.map(({ id }, index) => [index, 'logged', id]),
    );
    expect(last).toEqual({ status: 'end', items: 550, position: expect.any(String) });
    const furthest = new Map(decodePosition(String(last?.['position'])).map((at) => [at.partition, at.offset]));
    for (const { position } of results) {
      const [place] = decodePosition(String(position));
      expect(place && (furthest.get(place.partition) ?? -1n) >= place.offset).toBe(true);
    }
  });

  it('keeps what is wrong with a line to that line, with a pointer into it', async () => {
    const good = executed();
    const lines = [
      JSON.stringify(executed({}, { status: 'done' })),
      '{"type":',
      '[]',
      `{"a":1,"a":2}`,
      '',
      'x'.repeat(2 * 1024 * 1024 + 1),
      JSON.stringify(good),
    ];
    const { results, last } = await send(lines.join('\r\n'));
    expect(results).toMatchObject([
      { status: 'refused', problem: { code: 'INVALID_EVENT', errors: [{ pointer: '/data/status' }] } },
      { status: 'refused', problem: { code: 'INVALID_JSON' } },
      { status: 'refused', problem: { code: 'INVALID_REQUEST' } },
      { status: 'refused', problem: { code: 'INVALID_JSON', errors: [{ pointer: '/a' }] } },
      { status: 'refused', problem: { code: 'PAYLOAD_TOO_LARGE' } },
      { index: 5, status: 'logged', id: good.id },
    ]);
    expect(last).toMatchObject({ status: 'end', items: 6 });
  });

  it('is answered while it still comes', async () => {
    const [one, two] = [executed(), executed()];
    const { request, response } = begin();
    request.write(`${JSON.stringify(one)}\n`);
    const answers = (await response)[Symbol.asyncIterator]();
    const lineAfter = async () => JSON.parse(String((await answers.next()).value));
    expect(await lineAfter()).toMatchObject({ index: 0, id: one.id });
    request.write(`${JSON.stringify(two)}\n`);
    expect(await lineAfter()).toMatchObject({ index: 1, id: two.id });
    request.end();
    expect(await lineAfter()).toMatchObject({ status: 'end', items: 2 });
  });

  it('stops with the reason past the events or bytes that a request may have, and what was said before holds', async () => {
    const many = await send(textOf(Array.from({ length: 601 }, () => executed())));
    expect(many.results.filter(({ status }) => status === 'logged')).toHaveLength(600);
    expect(many.last).toMatchObject({ status: 'stopped', items: 600, problem: { code: 'PAYLOAD_TOO_LARGE' } });
    const events = Array.from({ length: 8 }, () => executed({}, { input_data: 'x'.repeat(500_000) }));
    const large = await send(textOf(events));
    expect(large.last).toMatchObject({ status: 'stopped', problem: { code: 'PAYLOAD_TOO_LARGE' } });
    expect(large.results.length).toBeLessThan(8);
    expect((await client.send(executed())).status).toBe(201);
  });

  it('may be compressed; an inflating bomb is stopped at the bound', async () => {
    const events = [executed(), executed()];
    const { results } = await send(gzipSync(textOf(events)), { 'content-encoding': 'gzip' });
    expect(results.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    const bomb = await send(gzipSync(Buffer.alloc(64 * 1024 * 1024, '\n')), { 'content-encoding': 'gzip' });
    expect(bomb.last).toMatchObject({ status: 'stopped', items: 0, problem: { code: 'PAYLOAD_TOO_LARGE' } });
    const broken = await send('no gzip', { 'content-encoding': 'gzip' });
    expect(broken.last).toMatchObject({ status: 'stopped', problem: { code: 'INVALID_REQUEST' } });
  });

  it('holds the sender up, and no memory, while nobody reads the answer', async () => {
    const { request, response } = begin();
    // Each line is refused with a long answer, so that the answer outgrows every buffer on the way.
    const line = `{"${'x'.repeat(3000)}":1}\n`;
    for (let written = 0; written < 590; written += 1) request.write(line);
    request.end();
    // The answer has begun and nobody reads it: it does not grow past what sockets and the stream hold.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const chunks: Buffer[] = [];
    for await (const chunk of await response) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString().trimEnd().split('\n')).toHaveLength(591);
  });

  it('says by a missing last line that it was cut, and the gateway goes on', async () => {
    const { request, response } = begin();
    const event = executed();
    request.write(`${JSON.stringify(event)}\n{"cut":`);
    const answer = await response;
    const first = await new Promise<Buffer>((resolve) => answer.once('data', resolve));
    expect(JSON.parse(first.toString())).toMatchObject({ id: event.id, status: 'logged' });
    request.on('error', () => undefined);
    answer.on('error', () => undefined);
    request.destroy();
    expect((await client.send(executed())).status).toBe(201);
    expect(await gateway.host.metrics.getSingleMetricAsString('chorda_ingest_in_flight_requests')).toMatch(/ 0$/m);
  });

  it('can wait for the journal, and be tried without effect', async () => {
    const event = executed();
    const late = await send(textOf([event]), {}, '?ack=projected&wait=0');
    expect(late.last).toMatchObject({ status: 'end', complete: false, reason: 'lagging' });
    const dry = await send(textOf([event, {}]), {}, '?dry_run=true');
    expect(dry.results).toMatchObject([
      { index: 0, status: 'valid', id: event.id, topic: 'agent.events' },
      { index: 1, status: 'refused' },
    ]);
    expect(dry.last).toMatchObject({ status: 'end', position: null });
  });

  it('cannot be validated whole before it is sent', async () => {
    const { status, body } = await client.text('{}', { type, query: '?validate=all' });
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 400, code: 'INVALID_REQUEST' });
  });
});

function begin() {
  const { hostname, port } = new URL(gateway.url);
  const headers = { authorization: `Bearer ${key}`, 'content-type': type };
  const request = httpRequest({ hostname, port, path: '/v1/events', method: 'POST', headers });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  response.catch(() => undefined);
  return { request, response };
}

describe('what a request asks for', () => {
  it('validate=all sends nothing unless every event is valid', async () => {
    const [good, bad] = [executed(), executed({}, { status: 'done' })];
    const { status, body } = await client.send([good, bad], { query: '?validate=all' });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'BATCH_REFUSED',
      detail: expect.stringMatching(/^1 of 2 events/),
      items: [
        { status: 'not_attempted', id: good.id, problem: { code: 'OTHERS_REFUSED', status: 422 } },
        { status: 'refused', id: bad.id, problem: { errors: [{ pointer: '/1/data/status' }] } },
      ],
    });
    await ground.journal.catchUp();
    expect(ground.journal.holds(good.id)).toBe(false);
    expect((await client.send([good, executed()], { query: '?validate=all' })).status).toBe(200);
  });

  it('dry_run=true checks everything and sends nothing', async () => {
    const event = executed();
    const one = await client.send(event, { query: '?dry_run=true' });
    expect(one).toMatchObject({ status: 200, body: { status: 'valid', id: event.id, topic: 'agent.events' } });
    expect(one.body['partition']).toEqual(expect.any(Number));
    const some = await client.send([event, executed({ source: '' })], { query: '?dry_run=true' });
    expect(some).toMatchObject({
      status: 207,
      body: { position: null, items: [{ status: 'valid' }, { status: 'refused' }] },
    });
    expect((await client.send(executed({ source: '' }), { query: '?dry_run=true' })).status).toBe(422);
    const decision = { specversion: '1.0', id: newId(), source: 'urn:x', type: 'workflow.paused', data: {} };
    const refused = await client.send(decision, { query: '?dry_run=true' });
    expect(refused.body).toMatchObject({ code: 'DECISION_NOT_ACCEPTED', command: 'POST /v1/runs/{id}/pause' });
    await ground.journal.catchUp();
    expect(ground.journal.holds(event.id)).toBe(false);
  });

  it('small sends of many clients share requests to the brokers', async () => {
    const figure = async (name: string) => {
      const text = await gateway.host.metrics.getSingleMetricAsString(name);
      return Number(/ (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    const before = [await figure('chorda_producer_requests_total'), await figure('chorda_producer_records_total')];
    const bodies = Array.from({ length: 400 }, () => executed({}, executedData()));
    await Promise.all(bodies.map((event) => client.send(event)));
    const requests = (await figure('chorda_producer_requests_total')) - (before[0] ?? 0);
    const records = (await figure('chorda_producer_records_total')) - (before[1] ?? 0);
    expect(records).toBeGreaterThanOrEqual(400);
    expect(requests).toBeLessThan(records * 0.75);
  });
});
