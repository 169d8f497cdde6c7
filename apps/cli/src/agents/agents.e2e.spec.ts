import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { exitCodes } from '../command-line/exit-codes.js';
import { startSystem, type SystemUnderTest } from '../test-support/system-under-test.fixture.spec.js';

/** Built apps, each a process of its own: the gateway, the engine with its executors, a simulated model, the projector. */
let system: SystemUnderTest;

beforeAll(async () => {
  system = await startSystem(inject('stack'), ['gateway', 'projector', 'agent-runtime', 'model-simulator']);
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
