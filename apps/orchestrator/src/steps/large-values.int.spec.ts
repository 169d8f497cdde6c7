import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonText } from '@chorda/contracts';
import { workflowLimits } from '@chorda/domain';
import { asPayloadRef, defaultTenant, type JsonValue, type PayloadRef } from '@chorda/kernel';
import { FolderStore, PayloadStore, type RunningApp } from '@chorda/platform';
import { readWorkflow } from '@chorda/workflows';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGround, until, type OrchestratorGround } from '../test-support/orchestrator-ground.js';

const folder = mkdtempSync(join(tmpdir(), 'chorda-payloads-'));
const store = new PayloadStore(new FolderStore(folder), new Registry());
const document = { title: 'Minutes', pages: [1, 2, 3], lines: 'ä'.repeat(50_000) };
/** What the other system says of itself. */
const described = {
  openapi: '3.1.0',
  paths: { '/files': { post: { operationId: 'file', requestBody: { content: { 'application/json': {} } } } } },
};
/** What the other system was sent. */
const sent: string[] = [];
let page: Server;
let ground: OrchestratorGround;
let app: RunningApp;

beforeAll(async () => {
  page = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (request.url === '/openapi') return response.end(JSON.stringify(described));
      sent.push(body);
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ echo: 'z'.repeat(90_000) }));
    });
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  ground = await startGround(inject('stack'), {
    CHORDA_PAYLOADS: folder,
    CHORDA_WEBHOOK_NETWORKS: '127.0.0.0/8',
    CHORDA_WEBHOOK_PORTS: '*',
  });
  app = await ground.start();
  await until(async () => ((await app.notReady()).length === 0 ? true : undefined), 'ready');
}, 120_000);

afterAll(async () => {
  await app?.stop();
  await ground?.stop();
  page?.close();
  rmSync(folder, { recursive: true, force: true });
});

const keep = async (value: JsonValue) => ({ ...(await store.keep(defaultTenant, jsonText(value))) });
const fileOf = ({ sha256 }: PayloadRef) => join(folder, defaultTenant, sha256.slice(0, 2), sha256);
const addressOf = (server: Server, path = '/files') => {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}${path}`;
};

async function start(id: string, text: string, input: JsonValue = null): Promise<void> {
  const { form, faults } = readWorkflow(text);
  if (form === null) throw new TypeError(JSON.stringify(faults));
  const answer = await ground.startRun(id, form, input);
  expect(answer).toMatchObject({ kind: 'decided', outcome: { status: 'accepted' } });
}

/** A worker did the step, and its gateway kept what it came to. */
async function answer(tool: string, output: JsonValue): Promise<void> {
  const call = await until(async () => (await ground.calls([tool]))[0], tool);
  await ground.answer(call, output);
}

async function ended(id: string) {
  return until(async () => {
    const run = await ground.run(id);
    return run === undefined || run.status === 'running' ? undefined : run;
  }, 'the end');
}

const reading = (tool: string) => `
workflow: reading-${tool}
steps:
  fetch: { kind: tool, tool: ${tool} }
  look: { kind: script, needs: [fetch], value: "\${ steps.fetch.output.title }", on_failure: fail }
output: "\${ steps.look.output }"
`;

describe('a large value', { timeout: 180_000 }, () => {
  it('is read by expressions and told to other systems whole, and comes back from them as a reference', async () => {
    await start(
      'run-large',
      `
workflow: large
steps:
  fetch: { kind: tool, tool: fetch }
  file:
    kind: webhook
    needs: [fetch]
    url: ${addressOf(page)}
    output_as: body
    input: { document: "\${ steps.fetch.output }", title: "\${ steps.fetch.output.title }" }
  again:
    kind: webhook
    needs: [fetch, file]
    openapi: { document: ${addressOf(page, '/openapi')}, operation: file, parameters: { body: "\${ steps.fetch.output }" } }
output: { filed: "\${ steps.file.output }", length: "\${ size(steps.file.output.echo) }", of: "\${ input.name }" }
`,
      await keep({ name: 'desk', more: 'x'.repeat(70_000) }),
    );
    const ref = await keep(document);
    await answer('fetch', ref);
    const { status, output, flow, input } = await ended('run-large');
    expect(status).toBe('completed');
    expect(flow.steps['file']?.input).toEqual({ document: ref, title: 'Minutes' });
    expect(sent.map((body) => JSON.parse(body))).toEqual([{ document, title: 'Minutes' }, document]);
    const filed = asPayloadRef(flow.steps['file']?.output);
    expect(filed?.length).toBeGreaterThan(90_000);
    expect(output).toEqual({ filed, length: 90_000, of: 'desk' });
    expect(asPayloadRef(input)).toBeDefined();
    expect(JSON.parse(await store.whole(defaultTenant, JSON.stringify(filed)))).toEqual({ echo: 'z'.repeat(90_000) });
  });

  it('that was changed fails the step that reads it, with the reason', async () => {
    await start('run-changed', reading('changed'));
    const ref = await keep({ ...document, of: 'changed' });
    writeFileSync(fileOf(ref), 'x'.repeat(ref.length));
    await answer('changed', ref);
    const { status, flow } = await ended('run-changed');
    expect(status).toBe('failed');
    expect(flow.steps['look']?.error).toMatchObject({ message: expect.stringContaining('is not what was kept') });
  });

  it('that is larger than may be read fails the step that reads it, and goes on by a path', async () => {
    await start('run-huge', reading('huge'));
    const ref = await keep({ title: 'Huge', lines: 'x'.repeat(workflowLimits.referredBytesMax) });
    await answer('huge', ref);
    const { flow } = await ended('run-huge');
    expect(flow.steps['fetch']?.output).toEqual(ref);
    expect(flow.steps['look']?.error).toMatchObject({
      message: expect.stringContaining(`at most ${workflowLimits.referredBytesMax}`),
    });
  });

  it('is waited for where the store is away, and nothing is lost or decided without it', async () => {
    await start('run-away', reading('away'));
    const ref = await keep({ ...document, of: 'away' });
    renameSync(folder, `${folder}-away`);
    try {
      await answer('away', ref);
      const why = await until(async () => {
        const reasons = await app.notReady();
        return reasons.find((reason) => reason.includes('is its disk mounted?'));
      }, 'the partition waits');
      expect(why).toContain('The folder of payloads');
      expect(await ground.run('run-away')).toMatchObject({ status: 'running' });
    } finally {
      renameSync(`${folder}-away`, folder);
    }
    expect(await ended('run-away')).toMatchObject({ status: 'completed', output: 'Minutes' });
    await until(async () => ((await app.notReady()).length === 0 ? true : undefined), 'ready again');
  });
});
