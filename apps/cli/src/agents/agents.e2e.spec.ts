import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { exitCodes } from '../command-line/exit-codes.js';
import { startSystem, type SystemUnderTest } from '../test-support/system-under-test.fixture.spec.js';

/** Built apps, each a process of its own: agents ask the simulated model through the log and an inference worker. */
let system: SystemUnderTest;

beforeAll(async () => {
  const apps = ['gateway', 'projector', 'agent-runtime', 'inference-worker', 'model-simulator'] as const;
  system = await startSystem(inject('stack'), apps);
}, 240_000);

afterAll(() => system?.stop());

async function run(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await system.run(...args, '--json');
  if (code !== exitCodes.ok) throw new Error(`chorda ${args.join(' ')}: ${code} ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

async function until(look: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > endMs) throw new Error('Not within 60 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('an agent from the command line', () => {
  it('is created, executed and shown with its end; it is terminated and deleted, and its history stays', async () => {
    const agent = String((await run('agents', 'create', '--name', 'Desk'))['agent_id']);
    await until(async () => Object((await run('agents', 'state', agent))['state']).state === 'READY');
    const started = await run('agents', 'execute', agent, '--text', 'Where is parcel 4711?');
    const execution = String(started['execution_id']);
    await until(async () => {
      const { code, stdout } = await system.run('executions', 'show', execution, '--json');
      return code === exitCodes.ok && JSON.parse(stdout).status === 'completed';
    });
    expect((await run('commands', 'show', String(started['command_id'])))['status']).toBe('accepted');
    const { code, stdout } = await system.run('executions', 'cancel', execution, '--json');
    expect([code, JSON.parse(stdout).error.code]).toEqual([exitCodes.conflict, 'ILLEGAL_TRANSITION']);
    await run('agents', 'terminate', agent, '--reason', 'over');
    await run('agents', 'delete', agent);
    const history = await system.run('agents', 'history', agent);
    expect(history.stdout).toContain('agent.deleted');
  }, 120_000);

  it("asks its model and its tools' models through the log: each is accounted once, and cancelling ends what is asked", async () => {
    const { CHORDA_URL: url, CHORDA_API_KEY: key, VLLM_URLS: simulator } = system.environment;
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const read = async (path: string): Promise<Record<string, unknown>> =>
      Object(await (await fetch(`${url}${path}`, { headers })).json());
    const pace = (token_ms: number) =>
      fetch(`${simulator}/simulator/settings`, { method: 'PATCH', headers, body: JSON.stringify({ token_ms }) });
    const agent = String((await run('agents', 'create', '--name', 'Asker', '--tool', 'llm_chat'))['agent_id']);
    await until(async () => Object((await run('agents', 'state', agent))['state']).state === 'READY');
    const call = { call: 'llm_chat', arguments: { messages: [{ role: 'user', content: 'Say hello.' }] } };
    const lines = [call, { say: 'It said {{tool}}' }].map((line) => `@simulate ${JSON.stringify(line)}`).join('\n');
    const started = await run('agents', 'execute', agent, '--text', `Ask.\n${lines}`);
    const execution = String(started['execution_id']);
    await until(async () => Object(await read(`/v1/executions/${execution}`))['status'] === 'completed');
    const ended = await read(`/v1/executions/${execution}`);
    expect(JSON.stringify(ended['output_data'])).toContain('Say hello.');

    // Two turns and one call of a tool: three requests, each with one attempt. The execution counts its turns alone.
    const where = `agent_id=${agent}&sort=requested_at`;
    const requests = async (): Promise<Record<string, unknown>[]> => {
      const { items } = await read(`/v1/inference?${where}`);
      return Array.isArray(items) ? items : [];
    };
    await until(async () => (await requests()).filter(({ billed_attempts: billed }) => billed === 1).length === 3);
    const sums = (await requests()).map(({ prompt_tokens, completion_tokens }) => [
      Number(prompt_tokens),
      Number(completion_tokens),
    ]);
    const history = await run('executions', 'show', execution);
    const [first = [], , last = []] = sums;
    expect(history).toMatchObject({
      prompt_tokens: (first[0] ?? 0) + (last[0] ?? 0),
      completion_tokens: (first[1] ?? 0) + (last[1] ?? 0),
    });

    await pace(50);
    const long = await run('agents', 'execute', agent, '--text', `Go on.\n@simulate {"say":"${'word '.repeat(400)}"}`);
    const running = async () => {
      const { engines } = Object(await (await fetch(`${simulator}/simulator`)).json());
      return Array.isArray(engines) ? engines.reduce((sum, engine) => sum + Number(engine.running), 0) : 0;
    };
    await until(async () => (await running()) === 1);
    await run('executions', 'cancel', String(long['execution_id']));
    await until(async () => (await running()) === 0);
    await until(async () => (await requests()).some(({ status }) => status === 'cancelled'));
    await pace(0);
  }, 180_000);

  it('reads documents at the end of the demo', async () => {
    for (const name of ['one', 'two']) writeFileSync(join(system.folder, `${name}.md`), `# ${name}\n\nA document.`);
    const demo = ['demo', '--events', '50', '--rate', '0', '--documents', system.folder];
    const { analysis } = await run(...demo);
    expect(analysis).toMatchObject({
      documents: [
        { document: 'one.md', status: 'completed', tokens: expect.any(Number) },
        { document: 'two.md', status: 'completed' },
      ],
    });
  }, 120_000);
});
