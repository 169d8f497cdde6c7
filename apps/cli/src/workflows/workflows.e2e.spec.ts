import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startSystem, type SystemUnderTest } from '../test-support/system-under-test.fixture.spec.js';

/** Every kind of step that others do, through the built apps: agents, models, other systems, workers, runs within runs. */
let system: SystemUnderTest;
let shop: Server;
let shopUrl: string;
let asked: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
let statusOf: (path: string) => number = () => 200;

const signingKey = Buffer.alloc(32, 3);

beforeAll(async () => {
  shop = createServer((request, response) => {
    void text(request).then((body) => {
      const path = request.url ?? '';
      asked.push({ path, headers: request.headers, body });
      response.writeHead(statusOf(path), { 'content-type': 'application/json', 'retry-after': '0' });
      response.end(JSON.stringify({ parcel: 'P-1', path }));
    });
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  const seal = {
    value: `whsec_${signingKey.toString('base64')}`,
    scheme: 'signing',
    hosts: ['127.0.0.1'],
    plain_http: true,
  };
  system = await startSystem(
    inject('stack'),
    ['gateway', 'orchestrator', 'agent-runtime', 'inference-worker', 'model-simulator'],
    {
      CHORDA_WEBHOOK_NETWORKS: '127.0.0.1/32',
      CHORDA_WEBHOOK_PORTS: '*',
      CHORDA_WEBHOOK_SECRETS: JSON.stringify({ seal }),
    },
  );
}, 240_000);

afterAll(async () => {
  await system?.stop();
  shop?.closeAllConnections();
  shop?.close();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Answer> {
  const { CHORDA_URL: url, CHORDA_API_KEY: key } = system.environment;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: Object(await response.json()) };
}

const store = async (definition: string): Promise<number> => {
  const { status, body } = await ask('POST', '/v1/workflows', definition, 'application/yaml');
  if (status !== 200) throw new Error(JSON.stringify(body));
  return Number(body['version']);
};

async function start(workflow: string, input: unknown): Promise<string> {
  const { status, body } = await ask('POST', `/v1/workflows/${workflow}/runs`, { input });
  expect([status, body]).toMatchObject([201, {}]);
  return String(body['workflow_id']);
}

async function until<Found>(look: () => Promise<Found | undefined>, what: string): Promise<Found> {
  const endMs = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`${what}: not within 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const reportOf = async (run: string) => (await ask('GET', `/v1/runs/${run}/report`)).body;

const ended = (run: string) =>
  until(async () => {
    const report = await reportOf(run);
    return ['running', 'compensating'].includes(String(report['status'])) ? undefined : report;
  }, `the end of ${run}`);

const poll = async (tool: string): Promise<Record<string, unknown>> =>
  until(async () => {
    const { body } = await ask('POST', '/v1/steps/poll', { tools: [tool], wait_ms: 2_000, worker: 'spec' });
    return Object(body['steps'])[0];
  }, `a step for ${tool}`);

const say = (said: string) => `Say it.\n@simulate ${JSON.stringify({ say: said })}`;

describe('a run', () => {
  it('goes through an agent, a model, another system and a run of another workflow; undoing calls out again', async () => {
    const made = await ask('POST', '/v1/agents', { name: 'Reader' });
    const agent = String(made.body['agent_id']);
    await until(async () => {
      const { body } = await ask('GET', `/v1/agents/${agent}/state`);
      return Object(body['state'])['state'] === 'READY' ? true : undefined;
    }, 'the agent');
    await store(
      'workflow: part\nsteps:\n  double: { kind: script, value: "${input.n * 2}" }\noutput: "${steps.double.output}"',
    );
    await store(`
workflow: everything
steps:
  read: { kind: agent, agent_id: "\${input.agent}", input: "\${input.say}" }
  judge:
    kind: llm
    instructions: Answer in JSON.
    input: "\${input.verdict}"
    answer_schema: { type: object, required: [good], properties: { good: { type: boolean } } }
  ship:
    kind: webhook
    needs: [read, judge]
    url: "\${input.shop}/orders"
    signing_secret: seal
    idempotent: true
    input: { order: 7, good: "\${steps.judge.output.good}" }
    retry: { attempts: 3, backoff: 100ms, errors: { when: error.retriable } }
    compensate:
      kind: webhook
      url: "\${run.input.shop}/undo"
      idempotent: true
      input: { parcel: "\${output.parcel}" }
  part: { kind: sub_workflow, workflow: part, needs: [ship], input: { n: 21 } }
  late: { kind: raise, needs: [part], when: input.fails, error: { code: TOO_LATE }, on_failure: fail }
output:
  read: "\${steps.read.output}"
  good: "\${steps.judge.output.good}"
  parcel: "\${steps.ship.output.parcel}"
  part: "\${steps.part.output}"
`);
    const input = { agent, say: say('All read'), verdict: say('{"good":true}'), shop: shopUrl };

    asked = [];
    statusOf = () => (asked.length === 1 ? 503 : 200);
    const run = await start('everything', { ...input, fails: false });
    const report = await ended(run);
    expect(report).toMatchObject({ status: 'completed', output: { good: true, parcel: 'P-1', part: 42 } });
    expect(JSON.stringify(Object(report['output'])['read'])).toContain('All read');
    const [first, second, ...others] = asked;
    expect([first?.path, second?.path, others]).toEqual(['/orders', '/orders', []]);
    const id = String(first?.headers['webhook-id']);
    expect(second?.headers).toMatchObject({ 'webhook-id': id, 'idempotency-key': id });
    const toSign = `${id}.${String(second?.headers['webhook-timestamp'])}.${second?.body}`;
    const signature = createHmac('sha256', signingKey).update(toSign).digest('base64');
    expect(second?.headers['webhook-signature']).toBe(`v1,${signature}`);

    asked = [];
    const failing = await ended(await start('everything', { ...input, fails: true }));
    expect(failing).toMatchObject({ status: 'failed', ending: { error_code: 'TOO_LATE' } });
    expect(asked.map(({ path }) => path)).toEqual(['/orders', '/orders', '/undo']);
    expect(JSON.parse(asked[2]!.body)).toEqual({ parcel: 'P-1' });
  }, 180_000);

  it('within another keeps the definition that it began with, and a step that names a version gets that one', async () => {
    const part = (n: number) => `
workflow: kept
steps:
  ask: { kind: tool, tool: ask }
  done: { kind: script, needs: [ask], value: ${n} }
output: "\${steps.done.output}"
`;
    expect(await store(part(1))).toBe(1);
    await store(
      'workflow: newest\nsteps:\n  part: { kind: sub_workflow, workflow: kept }\noutput: "${steps.part.output}"',
    );
    await store(
      'workflow: first\nsteps:\n  part: { kind: sub_workflow, workflow: kept, version: 1 }\noutput: "${steps.part.output}"',
    );
    const begun = await start('newest', null);
    const step = await poll('ask');
    expect(await store(part(2))).toBe(2);
    const answer = (given: Record<string, unknown>) =>
      ask('POST', `/v1/steps/${String(given['work_id'])}/result`, { lease_token: given['lease_token'], output: 'yes' });
    await answer(step);
    expect(await ended(begun)).toMatchObject({ status: 'completed', output: 1 });
    for (const [workflow, expected] of [
      ['newest', 2],
      ['first', 1],
    ] as const) {
      const run = await start(workflow, null);
      await answer(await poll('ask'));
      expect(await ended(run)).toMatchObject({ status: 'completed', output: expected });
    }
  }, 180_000);
});

describe('a worker in Python', () => {
  const worker = (more: Record<string, string>) => {
    const program = fileURLToPath(new URL('../../../../examples/python-worker/worker.py', import.meta.url));
    return spawn('python3', [program], {
      env: { ...process.env, ...system.environment, ...more },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  };
  const definition = `
workflow: counting
steps:
  count: { kind: tool, tool: count_words, idempotent: true, input: "\${input}" }
output: "\${steps.count.output}"
`;

  it('does steps, and goes on at the checkpoint of one that was killed', async () => {
    await store(definition);
    const first = worker({ SECONDS_PER_DOCUMENT: '30' });
    const run = await start('counting', { documents: ['one two', 'three', 'four five six'] });
    for await (const line of first.stdout.setEncoding('utf8')) {
      if (String(line).includes(`${run} counted document 1`)) break;
    }
    first.kill('SIGKILL');
    const second = worker({ STEPS_MAX: '1' });
    const said = await text(second.stdout);
    if (second.exitCode === null) await once(second, 'exit');
    expect(said).not.toContain('counted document 1');
    expect(said).toContain(`${run} counted document 3`);
    expect(await ended(run)).toMatchObject({ status: 'completed', output: { words: 6, documents: 3 } });
  }, 180_000);

  it('says what is wrong with what it was given, and the run waits for a person', async () => {
    const run = await start('counting', { documents: ['one', 7] });
    const only = worker({ STEPS_MAX: '1' });
    await once(only, 'exit');
    const report = await ended(run);
    expect(report).toMatchObject({ status: 'paused', incidents: ['count'] });
    expect(report['errors']).toMatchObject([{ error: { class: 'document', code: 'NOT_A_TEXT' } }]);
  }, 120_000);
});

describe('a worker that does not keep to the protocol', () => {
  const beat = ({ work_id, lease_token, run_id, step_id }: Record<string, unknown>, more: object = {}) =>
    ask('POST', `/v1/steps/${String(work_id)}/heartbeat`, { lease_token, run_id, step_id, ...more });

  it('is told so when it answers with 50 MB, too much, twice or late, and no run is lost', async () => {
    await store('workflow: odd\nsteps:\n  odd: { kind: tool, tool: odd }\noutput: "${steps.odd.output}"');
    const run = await start('odd', null);
    const step = await poll('odd');
    const path = `/v1/steps/${String(step['work_id'])}/result`;
    const lease_token = step['lease_token'];
    const answer = (output: unknown, token = lease_token) => ask('POST', path, { lease_token: token, output });
    const alive = setInterval(() => void beat(step).catch(() => undefined), 3_000);
    const tooLarge = { status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } };
    // The gateway stops reading: what the client sees of it may be a connection that was closed.
    const huge = await answer('x'.repeat(50_000_000)).catch(() => tooLarge);
    expect(huge).toMatchObject(tooLarge);
    const large = await answer('x'.repeat(300_000));
    expect(large).toMatchObject(tooLarge);
    expect(String(large.body['detail'])).toMatch(/300002 bytes.*262144/);
    expect(await beat(step, { checkpoint: { n: 1, value: 'x'.repeat(70_000) } })).toMatchObject(tooLarge);
    clearInterval(alive);

    expect(await answer(1)).toMatchObject({ status: 200 });
    expect(await answer(1)).toMatchObject({ status: 200 });
    expect(await answer(2, '01890000-0000-7000-8000-000000000000')).toMatchObject({
      status: 409,
      body: { code: 'LEASE_LOST' },
    });
    expect(await ended(run)).toMatchObject({ status: 'completed', output: 1 });
    expect(await answer(2)).toMatchObject({ status: 200 });
    expect(await reportOf(run)).toMatchObject({ status: 'completed', output: 1 });
  }, 120_000);

  it('hears at its next sign of life that the run was cancelled', async () => {
    const run = await start('odd', null);
    const step = await poll('odd');
    await ask('POST', `/v1/runs/${run}/cancel`, { reason: 'a test' });
    const lost = await until(async () => {
      const answer = await beat(step);
      return answer.status === 200 ? undefined : answer;
    }, 'the lease is lost');
    expect(lost).toMatchObject({ status: 409, body: { code: 'LEASE_LOST' } });
  }, 120_000);
});
