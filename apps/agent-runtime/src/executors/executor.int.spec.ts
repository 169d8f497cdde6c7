import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { agentId, jsonText, jsonValue, sessionId, type agentWork } from '@chorda/contracts';
import type { AssignedWork } from '@chorda/domain';
import { defaultTenant, newId, silentLogger, tenantId } from '@chorda/kernel';
import { InboxFullError } from '@chorda/work';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { OpenAiModel } from '../model/openai-model.js';
import { startEffectServer, type EffectServer } from '../test-support/effect-server.js';
import {
  call,
  ExecutorGround,
  revocation,
  taken,
  turn,
  type AgentExecutor,
  type OpenGround,
} from '../test-support/executor-ground.js';
import { executorEnv } from './executors.env.js';
import { startExecutors } from './start-executors.js';

let effects: EffectServer;
let open: OpenGround;
let ground: ExecutorGround;
let modelServer: Server;
let model: OpenAiModel;
let modelAnswer: { readonly status: number; readonly body: object; readonly headers?: Record<string, string> };
let asked: Record<string, unknown>[] = [];

beforeAll(async () => {
  effects = await startEffectServer();
  open = await ExecutorGround.open(inject('stack'), effects.url);
  ({ ground } = open);
  modelServer = createServer((request, response) => {
    let body = '';
    request.on('data', (text: Buffer) => (body += text.toString()));
    request.on('end', () => {
      const { status, body: answer, headers } = request.url === '/v1/models' ? modelList : modelAnswer;
      if (body !== '') asked.push(JSON.parse(body));
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => modelServer.listen(0, '127.0.0.1', resolve));
  model = new OpenAiModel({
    baseUrl: `http://127.0.0.1:${(modelServer.address() as AddressInfo).port}/v1`,
    apiKey: undefined,
    defaultModel: undefined,
    defaultEmbeddingModel: undefined,
  });
});
afterAll(async () => {
  await open.close();
  await effects.close();
  modelServer.closeAllConnections();
  modelServer.close();
});

const modelList = { status: 200, body: { object: 'list', data: [{ id: 'tiny' }] }, headers: {} };
const started: AgentExecutor[] = [];
const start = (changed: Parameters<ExecutorGround['executor']>[0] = {}) => {
  const executor = ground.executor(changed, model);
  started.push(executor);
  return executor;
};
// Also of a test that failed: what it leaves behind would take the work of the next one.
afterEach(() => Promise.all(started.splice(0).map((executor) => executor.stop(0))));
const answered = (work: AssignedWork, count = 1) =>
  vi.waitFor(() => expect(ground.answersTo(work)).toHaveLength(count), { timeout: 90_000, interval: 20 });

/** A machine with much else to do is slow, and not wrong. */
const patient = { timeout: 30_000, interval: 20 };
const soon = { timeout: 10_000, interval: 20 };

describe('executors that ask models over the log', { timeout: 180_000 }, () => {
  it('ask once a try, hold no slot until the answer, name the command that brings it, and cancel what is revoked', async () => {
    const env = z.object(executorEnv).parse({ CHORDA_MODEL: 'tiny', CHORDA_INFERENCE_ABSENT_MS: '0' });
    const executors = await startExecutors({
      ...{ env, driver: ground.driver, databaseUrl: ground.addresses.databaseUrl, codecs: ground.codecs },
      ...{ instance: 'spec', logger: silentLogger, metrics: new Registry(), sessionTimeoutMs: 6_000 },
    });
    const config = jsonText({ max_tokens: 7, temperature: 0.5, priority: 'high' });
    const asked = turn({ session_id: sessionId('talk-1'), config });
    const usual = turn({ model: 'other' });
    const { agent_id, execution_id, attempt_token } = asked.data;
    for (const work of [asked, asked, usual]) await ground.send(work);
    const requests = async (topic: string) =>
      (await ground.records(topic)).map((record) => ({ record, ...ground.codecs.events.decode(record) }));
    await vi.waitFor(async () => expect(await requests('inference.requests.normal')).not.toEqual([]), patient);
    const revoked = { agent_id, execution_id, queue: 'models', attempt_tokens: [attempt_token], reason: 'a test' };
    await ground.send({ type: 'agent.work_revoked', data: { ...revoked, queue: 'models' } });
    await vi.waitFor(async () => expect(await ground.records('inference.control')).not.toEqual([]), patient);
    await vi.waitFor(() => expect(executors.count).toBe(0), patient);
    await executors.stop();

    const high = await requests('inference.requests.high');
    // Where a machine stands still for longer than a lease it is asked again, under the same id: that is the same request.
    expect(new Set(high.map(({ metadata: { id } }) => id))).toEqual(new Set([attempt_token]));
    const { event, metadata } = high[0]!;
    expect(metadata).toMatchObject({ id: attempt_token, subject: 'talk-1', tenantId: defaultTenant });
    const data = event.type === 'inference.requested' ? event.data : undefined;
    expect(data).toMatchObject({
      ...{ request_id: attempt_token, agent_id, execution_id, session_id: 'talk-1', model: 'tiny', priority: 'high' },
      requested_by: 'urn:chorda:service:agent-runtime',
      reply_to: { command_type: 'agent.record_turn', subject: agent_id },
    });
    expect(data!.deadline_at).toBeLessThan(asked.data.deadline_at);
    expect(jsonValue(data!.reply_to!.context!)).toEqual({ agent_id, execution_id, turn: 1, attempt: 1, attempt_token });
    expect(jsonValue(data!.input_data)).toEqual({
      ...{ messages: jsonValue(asked.data.messages), max_tokens: 7, temperature: 0.5 },
    });
    const [other] = await requests('inference.requests.normal');
    expect(other?.event.data).toMatchObject({ model: 'other', request_id: usual.data.attempt_token });
    const [control] = await ground.records('inference.control');
    const { command } = ground.codecs.commands.decode(control!);
    expect(command).toMatchObject({ type: 'inference.cancel', data: { request_id: attempt_token } });
    // Whoever answers is the inference worker.
    expect([...ground.answersTo(asked), ...ground.answersTo(usual)]).toEqual([]);
  });

  it('tell the engine of a question that can be asked of nobody', async () => {
    const env = z.object(executorEnv).parse({});
    const executors = await startExecutors({
      ...{ env, driver: ground.driver, databaseUrl: ground.addresses.databaseUrl, codecs: ground.codecs },
      ...{ instance: 'spec', logger: silentLogger, metrics: new Registry(), sessionTimeoutMs: 6_000 },
    });
    const work = turn();
    await ground.send(work);
    await answered(work);
    await executors.stop();
    expect(ground.answersTo(work)[0]?.command).toMatchObject({
      type: 'agent.record_turn_failure',
      data: { error_code: 'MODEL_UNAVAILABLE', is_retriable: true, reason: expect.stringContaining('CHORDA_MODEL') },
    });
  });
});

describe('executors', { timeout: 180_000 }, () => {
  it('take work from the log, do it apart from the engine, and answer with commands; a record that comes twice is done once', async () => {
    const env = z.object(executorEnv).parse({});
    const executors = await startExecutors({
      env,
      driver: ground.driver,
      databaseUrl: ground.addresses.databaseUrl,
      codecs: ground.codecs,
      instance: 'spec',
      logger: silentLogger,
      metrics: new Registry(),
      model,
      catalogue: ground.catalogue(),
      sessionTimeoutMs: 6_000,
    });
    const once = call();
    const invalid = call({ tool_name: 'effect_again', arguments: jsonText({ strange: 1 }) });
    const unknown = call({ tool_name: 'no_such_tool' });
    const worker = call({ tool_name: 'charge', queue: 'workers' });
    const check: agentWork.CheckRequested = {
      type: 'agent.check_requested',
      data: {
        agent_id: agentId('AGENT-check'),
        phase: 'initialization',
        attempt: 1,
        attempt_token: newId(),
        lease_ms: 60_000,
        deadline_at: Date.now() + 600_000,
        idempotency_key: newId(),
        capabilities: [],
        tools: ['effect_once', 'charge', 'missing'],
        model: 'huge',
        config: null,
      },
    };
    const cancelled = call({ tool_name: 'charge', queue: 'workers' });
    const tool = { name: 'charge', description: null, parameters: '{}', idempotent: false, timeoutMs: 5_000 };
    await ground.tools.register(defaultTenant, [tool], { actor: { id: 'spec', type: 'service' }, toolsMax: 10 });
    for (const work of [once, once, invalid, unknown, worker, cancelled, revocation(cancelled), check]) {
      await ground.send(work);
    }
    await Promise.all([once, invalid, unknown, check].map((work) => answered(work)));
    await executors.stop();

    expect(effects.calls().get(once.data.idempotency_key)).toBe(1);
    expect(ground.answersTo(once)[0]?.command).toMatchObject({
      type: 'agent.record_tool_result',
      data: {
        agent_id: once.data.agent_id,
        execution_id: once.data.execution_id,
        turn: 1,
        call_id: once.data.call_id,
        status: 'completed',
        output_data: jsonText({ key: once.data.idempotency_key }),
      },
    });
    expect(ground.answersTo(invalid)[0]?.command).toMatchObject({
      data: { status: 'refused', error: expect.stringContaining('ARGUMENTS_NOT_VALID') },
    });
    expect(ground.answersTo(unknown)[0]?.command).toMatchObject({ data: { status: 'refused' } });
    expect(ground.answersTo(check)[0]?.command).toMatchObject({
      type: 'agent.record_check',
      data: {
        phase: 'initialization',
        checks: [
          { name: 'tools', passed: false, detail: expect.stringContaining('missing') },
          { name: 'model', passed: false, detail: expect.stringContaining('huge') },
        ],
        tools: [
          { name: 'effect_once', queue: 'tools', idempotent: false },
          { name: 'charge', queue: 'workers', idempotent: false, timeout_ms: 5_000 },
        ],
      },
    });
    // What users' own processes do waits for them.
    const claimed = await ground.works.claimCalls(
      { tenantId: defaultTenant, queue: 'workers', tools: ['charge'] },
      'worker',
      10,
    );
    expect(claimed.map(({ workId }) => workId)).toEqual([worker.data.attempt_token]);
  });

  it('ask a model once for a turn, and say why there was no answer', async () => {
    const executor = start();
    modelAnswer = {
      status: 200,
      body: {
        id: 'chatcmpl-1',
        model: 'tiny',
        choices: [
          {
            message: {
              content: null,
              tool_calls: [{ id: 'c1', type: 'function', function: { name: 'effect_once', arguments: '{}' } }],
            },
            finish_reason: 'tool_calls',
          },
        ],
        usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } },
      },
    };
    const good = turn({ config: jsonText({ temperature: 0.5, color: 'red' }), completion_tokens_max: 300 });
    await executor.take([taken(good)]);
    await answered(good);
    const { command } = ground.answersTo(good)[0]!;
    expect(command).toMatchObject({
      type: 'agent.record_turn',
      data: {
        model: 'tiny',
        finish_reason: 'tool_calls',
        prompt_tokens: 10,
        cached_prompt_tokens: 4,
        completion_tokens: 5,
        cost_usd: null,
      },
    });
    expect(command.type === 'agent.record_turn' && jsonValue(command.data.output_data)).toEqual({
      content: null,
      tool_calls: [{ id: 'c1', name: 'effect_once', arguments: '{}' }],
    });
    expect(asked).toMatchObject([{ model: 'tiny', temperature: 0.5, max_tokens: 300 }]);
    asked = [];
    modelAnswer = { status: 429, body: {}, headers: { 'retry-after': '3' } };
    const busy = turn();
    await executor.take([taken(busy)]);
    await answered(busy);
    expect(ground.answersTo(busy)[0]?.command).toMatchObject({
      type: 'agent.record_turn_failure',
      data: { error_code: 'MODEL_RATE_LIMITED', is_retriable: true, retry_after_ms: 3_000 },
    });
    expect(asked).toHaveLength(1);
    await executor.stop(1_000);
  });

  it('do at least 50 works at once, no more than they have room for, and lengthen their leases meanwhile', async () => {
    const [one, two] = [start({ slotsMax: 50 }), start({ slotsMax: 10, owner: 'two' })];
    effects.hold(true);
    const works = Array.from({ length: 80 }, () => call({ lease_ms: 30_000 }));
    await one.take(works.map(taken));
    expect(one.count).toBe(50);
    two.start();
    await vi.waitFor(() => expect(two.count).toBe(10), patient);
    one.start();
    const leases = async () => {
      const { rows } = await ground.pool.query<{ token: string; until: Date }>(
        "SELECT lease_token AS token, lease_until AS until FROM agent_work WHERE state = 'leased' AND queue = 'tools' ORDER BY 1",
      );
      return rows;
    };
    const first = await leases();
    expect(first).toHaveLength(60);
    await vi.waitFor(
      async () => {
        const now = await leases();
        expect(now.map(({ token }) => token)).toEqual(first.map(({ token }) => token));
        expect(now.every(({ until }, index) => until > first[index]!.until)).toBe(true);
      },
      { ...patient, interval: 100 },
    );
    effects.hold(false);
    await Promise.all(works.map((work) => answered(work)));
    await Promise.all([one.stop(2_000), two.stop(2_000)]);
    expect(works.map((work) => effects.calls().get(work.data.idempotency_key))).toEqual(works.map(() => 1));
    const statuses = works.map((work) => ground.answersTo(work)[0]?.command);
    for (const command of statuses) expect(command).toMatchObject({ data: { status: 'completed' } });
  });

  it('that stop give back what may be repeated, and say that a call is lost that must not be', async () => {
    const executor = start();
    effects.hold(true);
    const [once, again] = [call({ lease_ms: 30_000 }), call({ tool_name: 'effect_again', lease_ms: 30_000 })];
    await executor.take([taken(once), taken(again)]);
    await vi.waitFor(() => expect(effects.calls().get(again.data.idempotency_key)).toBe(1), patient);
    await vi.waitFor(() => expect(effects.calls().get(once.data.idempotency_key)).toBe(1), patient);
    await executor.stop(100);
    effects.hold(false);
    await answered(once);
    expect(ground.answersTo(once)[0]?.command).toMatchObject({ data: { status: 'lost' } });
    expect(ground.answersTo(again)).toEqual([]);
    const next = start();
    next.start();
    await answered(again);
    await next.stop(1_000);
    expect(effects.calls().get(again.data.idempotency_key)).toBe(2);
    expect(effects.calls().get(once.data.idempotency_key)).toBe(1);
  });

  it('begin nothing past its deadline, and take no more than the inbox may hold', async () => {
    const late = call({ deadline_at: Date.now() - 1 });
    const executor = start({ slotsMax: 0, readyMax: 2 });
    executor.start();
    await executor.take([late, call({ deadline_at: Date.now() + 5_000 }), call(), call()].map(taken));
    await vi.waitFor(
      async () => {
        await expect(executor.take([taken(call())])).rejects.toThrow(InboxFullError);
      },
      { ...patient, interval: 200 },
    );
    await executor.stop(0);
    expect(effects.calls().has(late.data.idempotency_key)).toBe(false);
    await ground.pool.query('DELETE FROM agent_work');
  });

  it('stop what nobody waits for any more, begin none of it, and answer nothing', async () => {
    const executor = start({ slotsMax: 1 });
    const elsewhere = start({ owner: 'elsewhere' });
    effects.hold(true);
    const [held, waiting, theirs] = [call(), call(), call()];
    await executor.take([taken(held), taken(waiting)]);
    await elsewhere.take([taken(theirs)]);
    await vi.waitFor(() => expect(effects.open()).toBe(2), patient);
    const revoked = [held, waiting, theirs].map(({ data }) => ({
      tenantId: defaultTenant,
      workId: data.attempt_token,
    }));
    await executor.revoke(revoked);
    // Its request is cut, though the effect process has not answered it.
    await vi.waitFor(() => expect([executor.count, effects.open()]).toEqual([0, 1]), soon);
    elsewhere.drop([theirs.data.attempt_token]);
    await vi.waitFor(() => expect([elsewhere.count, effects.open()]).toEqual([0, 0]), soon);
    effects.hold(false);
    // The record comes again: it is known.
    await executor.take([taken(held), taken(waiting)]);
    executor.start();
    const after = call();
    await executor.take([taken(after)]);
    await answered(after);
    await Promise.all([executor.stop(1_000), elsewhere.stop(0)]);
    expect(effects.calls().has(waiting.data.idempotency_key)).toBe(false);
    expect(effects.calls().get(held.data.idempotency_key)).toBe(1);
    expect([held, waiting, theirs].flatMap((work) => ground.answersTo(work))).toEqual([]);
  });

  it('refuse the late outcome of a lease that they have lost', async () => {
    const executor = start();
    effects.hold(true);
    const work = call({ lease_ms: 1_000 });
    await executor.take([taken(work)]);
    await vi.waitFor(() => expect(effects.calls().get(work.data.idempotency_key)).toBe(1), patient);
    // A process that stood still for longer than its lease: it did not lengthen it, and another looks after the inbox.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const other = start({ owner: 'other' });
    other.start();
    await answered(work);
    effects.hold(false);
    await executor.stop(2_000);
    await other.stop(0);
    // Behind whatever it sent: both are on one partition.
    const marker = call({ agent_id: work.data.agent_id });
    const third = start();
    await third.take([taken(marker)]);
    await answered(marker);
    await third.stop(0);
    expect(ground.answersTo(work)).toHaveLength(1);
    expect(ground.answersTo(work)[0]?.command).toMatchObject({ data: { status: 'lost' } });
    expect(effects.calls().get(work.data.idempotency_key)).toBe(1);
  });

  it('lose no outcome to a database that is away for a moment', async () => {
    const answer = ground.works.answer.bind(ground.works);
    const away = vi.spyOn(ground.works, 'answer').mockRejectedValueOnce(new Error('deadlock detected'));
    away.mockImplementation(answer);
    const executor = start();
    const work = call();
    await executor.take([taken(work)]);
    await answered(work);
    await executor.stop(0);
    expect(away.mock.calls.length).toBeGreaterThan(1);
    away.mockRestore();
    expect(effects.calls().get(work.data.idempotency_key)).toBe(1);
    expect(ground.answersTo(work)[0]?.command).toMatchObject({ data: { status: 'completed' } });
  });

  it('answer for the tenant of the work alone', async () => {
    const executor = start();
    const acme = tenantId('acme');
    const work = call();
    await executor.take([{ ...taken(work), tenantId: acme }]);
    await answered(work);
    await executor.stop(0);
    expect(ground.answersTo(work)[0]?.tenantId).toBe(acme);
  });
});
