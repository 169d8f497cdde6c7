import type { RunningApp } from '@chorda/platform';
import { readWorkflow } from '@chorda/workflows';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGround, until, type OrchestratorGround } from './test-support/orchestrator-ground.js';

let ground: OrchestratorGround;
let app: RunningApp;

beforeAll(async () => {
  ground = await startGround(inject('stack'));
  app = await ground.start();
  await until(async () => ((await app.notReady()).length === 0 ? true : undefined), 'ready');
});
afterAll(async () => {
  await app?.stop();
  await ground?.stop();
});

const formOf = (text: string) => {
  const { form, faults } = readWorkflow(text);
  if (form === null) throw new TypeError(JSON.stringify(faults));
  return form;
};

const refund = `
workflow: refund
steps:
  check: { kind: tool, tool: check, input: { order: "\${ input.order }" } }
  wait: { kind: timer, for: 50ms, needs: [check] }
  total: { kind: script, value: "\${ steps.check.output.amount * 2 }", needs: [wait] }
output: "\${ steps.total.output }"
`;

describe('a run', () => {
  it('goes through steps of workers, scripts and timers, on the servers that production has', async () => {
    const form = formOf(refund);
    expect(await ground.startRun('run-1', form, { order: 7 })).toMatchObject({
      kind: 'decided',
      outcome: { status: 'accepted' },
    });
    const call = await until(async () => (await ground.calls(['check']))[0], 'the call');
    expect(JSON.parse(call.work).data).toMatchObject({
      workflow_id: 'run-1',
      step_id: 'check',
      input_data: '{"order":7}',
    });
    await ground.answer(call, { amount: 21 });
    const run = await until(async () => {
      const found = await ground.run('run-1');
      return found?.status === 'running' ? undefined : found;
    }, 'the end');
    expect([run.status, run.output]).toEqual(['completed', 42]);
  });
});
