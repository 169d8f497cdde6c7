import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChordaClient, ProblemError } from '@chorda/client';
import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { exitCodes } from '../command-line/exit-codes.js';
import { startSystem, type SystemUnderTest } from '../test-support/system-under-test.fixture.spec.js';
import type { Known } from './known.js';
import { surfaces } from './surfaces.js';

let system: SystemUnderTest;
let client: ChordaClient;
let known: Known;

beforeAll(async () => {
  system = await startSystem(inject('stack'), ['gateway', 'projector']);
  const { CHORDA_URL: url = '', CHORDA_API_KEY: apiKey } = system.environment;
  client = new ChordaClient({ url, apiKey });
  known = await prepare();
}, 240_000);

afterAll(() => system?.stop());

/** A small day in the read models, and what the commands name. */
async function prepare(): Promise<Known> {
  const externalType = `external.op_${newId().slice(-8)}`;
  writeFileSync(
    join(system.folder, 'type.avsc'),
    JSON.stringify({ type: 'record', name: 'Op', fields: [{ name: 'n', type: 'long' }] }),
  );
  writeFileSync(join(system.folder, 'workflow.yaml'), 'workflow: op\nsteps: { a: { kind: script, value: 1 } }\n');
  expect((await system.run('demo', '--events', '300', '--rate', '0', '--seed', '3')).code).toBe(0);
  const sent = await client.events.send({
    type: 'external.webhook',
    correlationid: 'c-operations',
    data: { user_id: 'u', provider: 'me', event_name: 'hello', body: 'hi' },
  });
  for (const model of ['events', 'agents', 'executions', 'runs', 'tasks'] as const) {
    await client.waitFor(sent.position, { in: model, timeoutMs: 60_000 });
  }
  const idIn = async (model: 'agents' | 'executions' | 'runs' | 'tasks', name: string) => {
    for await (const item of client.list(model, { limit: 1 })) return String(Object(item)[name]);
    return 'none';
  };
  return {
    folder: system.folder,
    externalType,
    eventId: sent.id,
    correlationId: 'c-operations',
    agentId: await idIn('agents', 'agent_id'),
    executionId: await idIn('executions', 'execution_id'),
    runId: await idIn('runs', 'workflow_id'),
    taskId: await idIn('tasks', 'task_id'),
    keyId: (await client.keys.create({ name: 'shown', role: 'viewer' })).key_id,
  };
}

describe('every operation, once', () => {
  it('with the command line', async () => {
    for (const [id, { cli, isAbsent }] of Object.entries(surfaces)) {
      if (typeof cli === 'string') continue;
      const { code, stdout, stderr } = await system.run(...cli(known), '--json');
      const expected = isAbsent === undefined ? exitCodes.ok : exitCodes.notFound;
      expect([id, code, code === expected ? '' : stdout + stderr]).toEqual([id, expected, '']);
    }
  });

  it('with the client', async () => {
    known.keyId = (await client.keys.create({ name: 'again', role: 'viewer' })).key_id;
    for (const [id, { client: call, isAbsent }] of Object.entries(surfaces)) {
      if (typeof call === 'string') continue;
      const outcome = await call(client, known).then(
        () => 'done',
        (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
      );
      expect([id, outcome]).toEqual([id, isAbsent === true ? 'NOT_FOUND' : (isAbsent ?? 'done')]);
    }
  });
});
