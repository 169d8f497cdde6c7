import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, sleep } from '@chorda/kernel';
import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { startSourceProcess, type SourceProcess } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InferenceGround } from './test-support/inference-ground.js';

let ground: InferenceGround;
let simulator: ModelSimulator;
let folder: string;
const children: SourceProcess[] = [];
const sessionTimeout = { CHORDA_INFERENCE_SESSION_TIMEOUT_MS: '6000' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chorda-inference-'));
  ground = await InferenceGround.open(inject('stack'));
  simulator = await startModelSimulator({ engine: { slots: 32, tokenMs: 5 } });
});

afterAll(async () => {
  await Promise.all(children.map((child) => child.end()));
  await simulator?.stop();
  await ground?.close();
  rmSync(folder, { recursive: true });
});

function startChild(env: Readonly<Record<string, string>> = {}): SourceProcess {
  const child = startSourceProcess(new URL('./main.ts', import.meta.url), {
    NODE_ENV: 'test',
    METRICS_PORT: '0',
    LOG_LEVEL: 'warn',
    ...ground.env,
    VLLM_URLS: simulator.url,
    ...sessionTimeout,
    ...env,
  });
  children.push(child);
  return child;
}

/** Each with one outcome, whatever of it stands on the topic how often, and nothing of it without what it cost. */
async function expectOneOutcomeEach(ids: readonly string[]): Promise<void> {
  await ground.outcomes(ids, 60_000);
  await ground.until(() => ids.every((id) => ground.usageOf(id).some(({ status }) => status === 'completed')));
  for (const id of ids) {
    const outcomes = ground.outcomesOf(id);
    expect(new Set(outcomes.map(({ metadata }) => metadata.id)).size).toBe(1);
    expect(new Set(outcomes.map(({ record }) => record.value?.toString('base64'))).size).toBe(1);
  }
  const { rows } = await ground.pool.query('SELECT request_id FROM inference_outcomes WHERE request_id = ANY($1)', [
    ids,
  ]);
  expect(rows).toHaveLength(ids.length);
}

const crashPoints = ['inference-in-call', 'inference-before-claim', 'inference-after-claim', 'inference-after-publish'];

describe('requests of workers that are killed', () => {
  it.each([crashPoints])('come to one outcome each: %s, %s, %s, %s', { timeout: 120_000 }, async (...points) => {
    const ids: string[] = [];
    const logOf = (point: string) => join(folder, point);
    const workers = points.map((point) =>
      startChild({ CHORDA_CRASH_AT: `${point}:3`, CHORDA_CRASH_LOG: logOf(point) }),
    );
    const died = Promise.all(workers.map(({ ended }) => ended)).then(() => true);
    while (!(await Promise.race([died, sleep(250).then(() => false)]))) {
      ids.push(...(await Promise.all([1, 2, 3].map((part) => ground.ask({ session: `s-${ids.length}-${part}` })))));
      if (ids.length > 900) throw new Error(workers.map((worker) => worker.output()).join('\n'));
    }
    for (const point of points) {
      expect(existsSync(logOf(point)) && readFileSync(logOf(point), 'utf8')).toBe(`${point}\n`);
    }
    const worker = await ground.worker([simulator.url], sessionTimeout);
    await expectOneOutcomeEach(ids);
    // Also of the calls of those that are gone, once they were silent for long enough.
    await ground.pool.query("UPDATE inference_attempts SET begun_at = begun_at - interval '1 hour'");
    await ground.pool.query("UPDATE inference_workers SET beat_at = beat_at - interval '1 hour' WHERE worker <> $1", [
      worker.instance,
    ]);
    await ground.until(async () => {
      const open = await ground.pool.query('SELECT FROM inference_attempts WHERE settled_at IS NULL');
      const unpublished = await ground.pool.query('SELECT FROM inference_outbox');
      return open.rowCount === 0 && unpublished.rowCount === 0;
    });
    const all = ids.flatMap((id) => ground.usageOf(id));
    expect(all.some(({ error_code: code, estimated }) => code === 'WORKER_LOST' && estimated)).toBe(true);
    await worker.app.stop();
  });
});

describe('a worker that sleeps past its session', () => {
  it(
    'has its requests answered by another, and what it brings later is accounted and nothing else',
    { timeout: 120_000 },
    async () => {
      const first = startChild();
      const story = { messages: [{ role: 'user', content: 'A story' }], min_tokens: 600, max_tokens: 600 };
      const warm = await ground.ask({ session: newId() });
      await ground.outcomes([warm], 60_000);
      const ids = await Promise.all(
        Array.from({ length: 6 }, (_, index) => ground.ask({ session: `z-${index}`, input: story })),
      );
      await ground.until(async () => {
        const { rowCount } = await ground.pool.query('SELECT FROM inference_attempts WHERE request_id = ANY($1)', [
          ids,
        ]);
        return rowCount === ids.length;
      });
      first.signal('SIGSTOP');
      const second = await ground.worker([simulator.url], sessionTimeout);
      await expectOneOutcomeEach(ids);
      first.signal('SIGCONT');
      await ground.until(() => ids.every((id) => ground.usageOf(id).length >= 2));
      await expectOneOutcomeEach(ids);
      const late = ids.flatMap((id) => ground.usageOf(id)).filter(({ status }) => status !== 'completed');
      expect(late.map(({ status, attempt }) => [status, attempt])).toEqual(
        ids.map(() => [expect.stringMatching(/superseded|failed/), 1]),
      );
      await second.app.stop();
    },
  );
});
