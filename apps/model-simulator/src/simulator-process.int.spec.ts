import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSourceProcess, type SourceProcess } from '@chorda/testing';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';

let simulator: SourceProcess | undefined;
afterEach(() => simulator?.end());

const main = new URL('main.ts', import.meta.url);

async function started(env: Readonly<Record<string, string>> = {}): Promise<{ url: string; running: SourceProcess }> {
  const running = startSourceProcess(main, { CHORDA_SIMULATOR_PORT: '0', METRICS_PORT: '0', ...env });
  simulator = running;
  await running.until('it runs', () => running.output().includes('"Started"'));
  const url = /"url":"(http:[^"]+)"/.exec(running.output())?.[1] ?? '';
  return { url, running };
}

function ask(url: string, fields: object = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'simulated', messages: [{ role: 'user', content: 'Hello' }], ...fields }),
  });
}

describe('the simulator as a process of its own', () => {
  it('says at its start that it is no model, and lets an answer that is under way end when it is stopped', async () => {
    const { url, running } = await started({ CHORDA_SIMULATOR_TOKEN_MS: '10' });
    expect(running.output()).toContain('A simulated model answers, no real one');
    const answer = await ask(url, { stream: true, max_tokens: 40, ignore_eos: true });
    running.signal('SIGTERM');
    expect(await answer.text()).toContain('data: [DONE]');
    expect(await running.ended, running.output()).toEqual({ code: 0, signal: null });
  });

  it('says that its port is taken, and leaves its log of requests behind when it is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chorda-simulator-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'requests.ndjson');
    const { url, running } = await started({ CHORDA_SIMULATOR_LOG_FILE: file });
    const { port } = new URL(url);
    const second = startSourceProcess(main, { METRICS_PORT: '0', CHORDA_SIMULATOR_PORT: port });
    expect(await second.ended).toEqual({ code: 78, signal: null });
    expect(second.output()).toContain(`CHORDA_SIMULATOR_PORT is ${port}, where something else listens already`);
    await (await ask(url)).text();
    await running.until('it is written', () => readFileSync(file, 'utf8').includes('\n'));
    running.signal('SIGKILL');
    await running.ended;
    const entry: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(entry).toMatchObject({ path: '/v1/chat/completions', outcome: 'stop', status: 200 });
  });

  it('says which setting is wrong, and lists them all in its help', async () => {
    const wrong = startSourceProcess(main, { METRICS_PORT: '0', CHORDA_SIMULATOR_SLOTS: 'many' });
    const unwritable = startSourceProcess(main, { METRICS_PORT: '0', CHORDA_SIMULATOR_LOG_FILE: '/nowhere/log' });
    const help = startSourceProcess(main, {}, ['--help']);
    expect(await wrong.ended).toEqual({ code: 78, signal: null });
    expect(wrong.output()).toContain('CHORDA_SIMULATOR_SLOTS must be a whole number');
    expect(await unwritable.ended).toEqual({ code: 78, signal: null });
    expect(unwritable.output()).toContain('CHORDA_SIMULATOR_LOG_FILE names a file that cannot be written (ENOENT)');
    expect(await help.ended).toEqual({ code: 0, signal: null });
    expect(help.output()).toContain('CHORDA_SIMULATOR_SLOTS');
  });
});
