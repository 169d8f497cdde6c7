import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBackbone, type Backbone } from './backbone.fixture.spec.js';

/** Every app as `npm start` runs them, and the specs in the place of a user's workers and people. */
let backbone: Backbone;
const folder = mkdtempSync(join(tmpdir(), 'chorda-payloads-'));

beforeAll(async () => {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  backbone = await startBackbone(inject('stack'), { logDestination: nowhere, env: { CHORDA_PAYLOADS: folder } });
  await call('POST', '/v1/workflows', refund, 'application/yaml');
  await call('POST', '/v1/workflows', filing, 'application/yaml');
}, 120_000);
afterAll(async () => {
  await backbone?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const refund = `
workflow: refund
input_schema: { type: object, required: [order], properties: { order: { type: integer } } }
steps:
  check: { kind: tool, tool: check, input: { order: "\${ input.order }" } }
  approve:
    kind: human
    needs: [check]
    title: "Refund \${ steps.check.output.amount }?"
    assignees: [ada]
  paid: { kind: wait, event: payment, key: "\${ string(input.order) }", needs: [approve] }
output: { amount: "\${ steps.check.output.amount }", by: "\${ steps.approve.output.decided_by }" }
`;

const filing = `
workflow: filing
input_schema: { type: object, required: [document], properties: { document: { type: string } } }
steps:
  scan: { kind: tool, tool: scan, idempotent: true, input: "\${ input }" }
  file:
    kind: tool
    tool: file
    idempotent: true
    needs: [scan]
    input: { scanned: "\${ steps.scan.output }", pages: "\${ size(steps.scan.output.pages) }" }
    on_failure: fail
output: { pages: "\${ size(steps.scan.output.pages) }", filed: "\${ steps.file.output }" }
`;

async function call(method: string, path: string, body?: unknown, type = 'application/json', headers = {}) {
  const response = await fetch(`${backbone.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${backbone.apiKey}`,
      ...(body !== undefined && { 'content-type': type }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

async function until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
  const endMs = Date.now() + 50_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`${what}: not within 50 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function nextStep(tool: string) {
  const step = await until(`a step of ${tool}`, async () => {
    const polled = await call('POST', '/v1/steps/poll', { tools: [tool], wait_ms: 20_000, worker: 'spec' });
    expect(polled.status).toBe(200);
    return polled.body.steps[0];
  });
  expect(step).toMatchObject({ tool });
  return step;
}

describe('a run, over HTTP', { timeout: 180_000 }, () => {
  it('goes from its start over a worker, a person and a signal to its report', async () => {
    const started = await call('POST', '/v1/workflows/refund/runs', { input: { order: 7 }, start_key: 'order-7' });
    expect(started).toMatchObject({ status: 201, body: { status: 'running' } });
    const id: string = started.body.workflow_id;
    const again = await call('POST', '/v1/workflows/refund/runs', { input: { order: 7 }, start_key: 'order-7' });
    expect(again).toMatchObject({ status: 201, body: { workflow_id: id, started_before: true, events: [] } });

    const step = await nextStep('check');
    expect(step).toMatchObject({ run_id: id, step_id: 'check', input: { order: 7 }, attempt: 1, checkpoint: null });
    const lease = { lease_token: step.lease_token };
    const beat = { ...lease, run_id: id, step_id: 'check', checkpoint: { n: 1, value: { page: 3 } } };
    expect((await call('POST', `/v1/steps/${step.work_id}/heartbeat`, beat)).body).toEqual({ status: 'held' });
    const result = () => call('POST', `/v1/steps/${step.work_id}/result`, { ...lease, output: { amount: 42 } });
    expect((await result()).body).toEqual({ status: 'stored' });
    // Whoever did not hear the answer says it again.
    expect((await result()).body).toEqual({ status: 'stored' });

    const task = await until('the task', async () => {
      const found = await call('GET', `/v1/tasks?workflow_id=${id}`);
      return found.body.items?.[0];
    });
    expect(task).toMatchObject({ title: 'Refund 42?', assignees: ['ada'], status: 'open' });
    const path = `/v1/tasks/${task.task_id}`;
    expect(await call('POST', `${path}/decide`, { user_id: 'eve', decision: 'approved' })).toMatchObject({
      status: 403,
      body: { code: 'TASK_FORBIDDEN' },
    });
    expect(await call('POST', `${path}/claim`, { user_id: 'ada' })).toMatchObject({
      status: 200,
      body: { claimed_by: 'ada' },
    });
    expect(await call('POST', `${path}/decide`, { user_id: 'ada', decision: 'approved' })).toMatchObject({
      status: 200,
      body: { status: 'running', decision: 'approved' },
    });
    expect(await call('POST', `${path}/decide`, { user_id: 'ada', decision: 'approved' })).toMatchObject({
      status: 409,
      body: { code: 'TASK_NOT_OPEN' },
    });

    const plan = await call('GET', `/v1/runs/${id}/plan`);
    expect(
      plan.body.phases.map(({ steps }: { steps: { id: string; status: string }[] }) =>
        steps.map((one) => [one.id, one.status]),
      ),
    ).toEqual([[['check', 'completed']], [['approve', 'completed']], [['paid', 'scheduled']]]);
    const signal = { name: 'payment', key: '7', data: { ok: true } };
    expect((await call('POST', `/v1/runs/${id}/signal`, signal)).body).toMatchObject({
      status: 'completed',
      taken: true,
    });
    const report = await call('GET', `/v1/runs/${id}/report`);
    expect(report.body).toMatchObject({
      status: 'completed',
      output: { amount: 42, by: 'ada' },
      success: { completed: 3, failed: 0, rate: 1 },
    });
    const shown = await until('the read model', async () => {
      const found = await call('GET', `/v1/runs/${id}`);
      return found.body.status === 'completed' ? found.body : undefined;
    });
    expect(shown).toMatchObject({
      output_data: { amount: 42, by: 'ada' },
      workflow_name: 'refund',
      steps_completed: 3,
    });
    const history = await call('GET', `/v1/runs/${id}/events`);
    expect(history.body.items[0].type).toBe('workflow.started');
  });

  it('has values of more than 64 KiB: workers get and give them whole, and its events have references', async () => {
    const input = { document: 'ä'.repeat(50_000) };
    const wrong = await call('POST', '/v1/workflows/filing/runs', { input: { pages: 'x'.repeat(70_000) } });
    expect(wrong).toMatchObject({ status: 422, body: { detail: expect.stringContaining('document') } });
    const started = await call('POST', '/v1/workflows/filing/runs', { input });
    expect(started).toMatchObject({ status: 201, body: { status: 'running' } });
    const id: string = started.body.workflow_id;

    const scan = await nextStep('scan');
    expect(scan.input).toEqual(input);
    const output = { pages: Array.from({ length: 3 }, (_, page) => ({ page, text: 'p'.repeat(50_000) })) };
    const answered = { lease_token: scan.lease_token, output };
    expect((await call('POST', `/v1/steps/${scan.work_id}/result`, answered)).body).toEqual({ status: 'stored' });

    const file = await nextStep('file');
    expect(file.input).toEqual({ scanned: output, pages: 3 });
    const results = [{ work_id: file.work_id, lease_token: file.lease_token, output: 'f'.repeat(300_000) }];
    expect((await call('POST', '/v1/steps/results', { results })).body).toMatchObject({
      results: [{ status: 'stored' }],
    });
    const report = await until('the report', async () => {
      const found = await call('GET', `/v1/runs/${id}/report`);
      return found.body.status === 'completed' ? found.body : undefined;
    });
    const { filed } = report.output;
    expect(report.output).toEqual({
      pages: 3,
      filed: { uri: expect.any(String), length: 300_002, sha256: filed.sha256 },
    });
    expect((await call('GET', filed.uri)).body).toBe('f'.repeat(300_000));
  });

  it('fails the step whose input is gone, and says so', async () => {
    const started = await call('POST', '/v1/workflows/filing/runs', { input: { document: 'x'.repeat(70_000) } });
    const scan = await nextStep('scan');
    const output = { pages: ['p'.repeat(70_000)] };
    await call('POST', `/v1/steps/${scan.work_id}/result`, { lease_token: scan.lease_token, output });
    const path = `/v1/runs/${String(started.body.workflow_id)}`;
    await until('the step is given out', async () => {
      const { body } = await call('GET', `${path}/steps`);
      return body.items?.find(({ step_id }: { step_id: string }) => step_id === 'file');
    });
    rmSync(join(folder, 'default'), { recursive: true });
    const report = await until('the end', async () => {
      // It may be shown before its worker can be given it.
      await call('POST', '/v1/steps/poll', { tools: ['file'], wait_ms: 100, worker: 'spec' });
      const found = await call('GET', `${path}/report`);
      return found.body.status === 'failed' ? found.body : undefined;
    });
    expect(JSON.stringify(report)).toContain('PAYLOAD_NOT_FOUND');
  });

  it('is refused with what is wrong, and where', async () => {
    expect(await call('POST', '/v1/workflows/refund/runs', { input: { order: 'x' } })).toMatchObject({
      status: 422,
      body: { code: 'INVALID_COMMAND' },
    });
    expect((await call('POST', '/v1/workflows/absent/runs', {})).status).toBe(404);
    expect(await call('POST', '/v1/runs/absent/signal', { name: 'payment' })).toMatchObject({
      status: 404,
      body: { code: 'RUN_NOT_FOUND' },
    });
    const { body } = await call('POST', '/v1/workflows/refund/runs', { input: { order: 8 } });
    const id: string = body.workflow_id;
    const step = await nextStep('check');
    const big = { ...beatOf(step, id), checkpoint: { n: 1, value: 'x'.repeat(70_000) } };
    expect(await call('POST', `/v1/steps/${step.work_id}/heartbeat`, big)).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    });
    expect((await call('POST', `/v1/runs/${id}/cancel`, { hard: true, reason: 'a test' })).body).toMatchObject({
      status: 'cancelled',
    });
    expect(await call('POST', `/v1/runs/${id}/pause`, {})).toMatchObject({
      status: 409,
      body: { code: 'ILLEGAL_TRANSITION', state: 'cancelled' },
    });
    const late = { lease_token: step.lease_token, output: 1 };
    await until('that the worker is told', async () => {
      const told = await call('POST', `/v1/steps/${step.work_id}/heartbeat`, { ...beatOf(step, id) });
      return told.status === 409 ? true : undefined;
    });
    expect(await call('POST', `/v1/steps/${step.work_id}/result`, late)).toMatchObject({
      status: 409,
      body: { code: 'LEASE_LOST' },
    });
  });
});

const beatOf = (step: { lease_token: string }, id: string) => ({
  lease_token: step.lease_token,
  run_id: id,
  step_id: 'check',
});
