import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonText, type agentWork } from '@chorda/contracts';
import type { WorkOutcome } from '@chorda/domain';
import { defaultTenant, payloadRef, silentLogger, tenantId } from '@chorda/kernel';
import { FolderStore, PayloadStore } from '@chorda/platform';
import { Registry } from 'prom-client';
import { afterAll, expect, it } from 'vitest';
import { PayloadsOfWork } from './payloads-of-work.js';

const folder = mkdtempSync(join(tmpdir(), 'chorda-work-'));
const store = new PayloadStore(new FolderStore(folder), new Registry());
const payloads = new PayloadsOfWork(store, silentLogger);
const large = 'x'.repeat(100_000);

afterAll(() => rmSync(folder, { recursive: true }));

const turn = (messages: readonly unknown[]) =>
  ({ type: 'agent.turn_requested', data: { messages: JSON.stringify(messages) } }) as agentWork.TurnRequested;
const result = (output: unknown): WorkOutcome => ({
  ...{ kind: 'tool_result', status: 'completed', error: null, duration_ms: 1 },
  output_data: jsonText(JSON.parse(JSON.stringify(output))),
});

it('tells a model the whole of what is referred to: a text as it is, anything else as JSON', async () => {
  const [text, list] = [JSON.stringify(large), JSON.stringify([large])];
  const refs = await Promise.all([text, list].map((each) => store.keep(defaultTenant, each)));
  const told = await payloads.whole(
    defaultTenant,
    turn([{ role: 'system', content: 'Be brief.' }, ...refs.map((content) => ({ role: 'user', content }))]),
  );
  expect('work' in told && JSON.parse(told.work.data.messages)).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: large },
    { role: 'user', content: list },
  ]);
});

it.each([
  ['that was lost', payloads, defaultTenant, /lost/],
  ['of another tenant', payloads, tenantId('other'), /never kept here/],
  ['without a store', new PayloadsOfWork(undefined, silentLogger), defaultTenant, /CHORDA_PAYLOADS/],
])('fails a turn for good, with the reason, for a value %s', async (_, of, tenant, reason) => {
  const kept = await store.keep(defaultTenant, JSON.stringify(large));
  const content = tenant === defaultTenant && of === payloads ? payloadRef('0'.repeat(64), 1) : kept;
  const told = await of.whole(tenant, turn([{ role: 'user', content }]));
  expect(told).toMatchObject({
    failure: { kind: 'turn_failure', error_code: 'PAYLOAD_NOT_FOUND', is_retriable: false },
  });
  expect('failure' in told && told.failure).toMatchObject({ reason: expect.stringMatching(reason) as unknown });
});

it('leaves a reference where a result or an answer is large, and small ones as they are', async () => {
  const small = result('small');
  expect(await payloads.small(defaultTenant, small)).toBe(small);
  const kept = await payloads.small(defaultTenant, result(large));
  const ref = 'output_data' in kept && JSON.parse(kept.output_data ?? '');
  expect(ref).toMatchObject({ length: large.length + 2 });
  expect((await store.read(defaultTenant, ref.sha256)).toString()).toBe(JSON.stringify(large));

  const answer: WorkOutcome = {
    ...{ kind: 'turn', request_id: null, model: 'm', finish_reason: 'stop', cost_usd: '0', duration_ms: 1 },
    ...{ prompt_tokens: 1, cached_prompt_tokens: 0, completion_tokens: 1 },
    output_data: jsonText({ content: large, tool_calls: [] }),
  };
  const answered = await payloads.small(defaultTenant, answer);
  expect('output_data' in answered && JSON.parse(answered.output_data ?? '')).toEqual({
    ...{ content: payloadRef(ref.sha256, large.length + 2), tool_calls: [] },
  });
});

it('takes nothing from what a call came to where the store is away', async () => {
  const away = new PayloadStore(
    {
      put: () => Promise.reject(new Error('no space')),
      get: () => Promise.reject(new Error('no')),
      sizeOf: () => Promise.resolve(undefined),
      async *keys() {},
    },
    new Registry(),
  );
  const outcome = result(large);
  expect(await new PayloadsOfWork(away, silentLogger).small(defaultTenant, outcome)).toBe(outcome);
  await expect(
    new PayloadsOfWork(away, silentLogger).whole(defaultTenant, turn([{ content: payloadRef('a'.repeat(64), 1) }])),
  ).rejects.toThrow('no');
});
