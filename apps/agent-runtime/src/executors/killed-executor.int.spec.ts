import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSourceProcess } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { startEffectServer, type EffectServer } from '../test-support/effect-server.js';
import { call, ExecutorGround, taken, type OpenGround } from '../test-support/executor-ground.js';

let effects: EffectServer;
let open: OpenGround;
let ground: ExecutorGround;
let folder: string;

beforeAll(async () => {
  effects = await startEffectServer();
  open = await ExecutorGround.open(inject('stack'), effects.url);
  ({ ground } = open);
  folder = mkdtempSync(join(tmpdir(), 'chorda-executor-'));
});
afterAll(async () => {
  await open.close();
  await effects.close();
  rmSync(folder, { recursive: true });
});

const startChild = (env: Readonly<Record<string, string>>) => {
  const { brokers, topicPrefix, registryUrl, databaseUrl, effectUrl } = ground.addresses;
  return startSourceProcess(new URL('../test-support/executor.child.ts', import.meta.url), {
    NODE_ENV: 'test',
    ...(process.env['CHORDA_PLANT'] && { CHORDA_PLANT: process.env['CHORDA_PLANT'] }),
    KAFKA_BROKERS: brokers,
    CHORDA_TOPIC_PREFIX: topicPrefix,
    SCHEMA_REGISTRY_URL: registryUrl,
    DATABASE_URL: databaseUrl,
    EFFECT_URL: effectUrl,
    ...env,
  });
};

const cases = [
  // Between the call and its stored result: nobody knows. Once it stays, and is said to be lost.
  { at: 'executor-before-answer', tool: 'effect_once', calls: 1, status: 'lost', commands: 1 },
  { at: 'executor-before-answer', tool: 'effect_again', calls: 2, status: 'completed', commands: 1 },
  // The result is stored: nobody calls again, and it is brought to the engine.
  { at: 'executor-after-answer', tool: 'effect_once', calls: 1, status: 'completed', commands: 1 },
  { at: 'executor-after-answer', tool: 'effect_again', calls: 1, status: 'completed', commands: 1 },
  // Its command is sent and that is not written down: the command comes twice, with the same id.
  { at: 'executor-after-send', tool: 'effect_once', calls: 1, status: 'completed', commands: 2 },
].map((each) => ({ ...each, work: call({ tool_name: each.tool, lease_ms: 4_000 }) }));

describe('an executor that is killed', () => {
  // All at once, for a process takes a second to start.
  beforeAll(async () => {
    await Promise.all(cases.map(killOver));
    // What an executor answered it sends by itself for five seconds; here those are over.
    await ground.pool.query("UPDATE agent_work SET updated_at = to_timestamp(0) WHERE state = 'answered'");
    const second = ground.executor();
    second.start();
    await vi.waitFor(
      async () => {
        const { rows } = await ground.pool.query("SELECT 1 FROM agent_work WHERE state <> 'done'");
        expect(rows).toEqual([]);
      },
      { timeout: 30_000, interval: 50 },
    );
    await second.stop(1_000);
  });

  async function killOver({ at, tool, work }: (typeof cases)[number]): Promise<void> {
    const crashLog = join(folder, `${at}-${tool}`);
    const first = startChild({
      CHORDA_CRASH_AT: at,
      CHORDA_CRASH_LOG: crashLog,
      WORK: JSON.stringify(taken(work)),
    });
    expect(await first.ended, first.output()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(crashLog) && readFileSync(crashLog, 'utf8')).toBe(`${at}\n`);
  }

  it.each(cases)(
    'at $at with $tool: $calls calls, $status, $commands commands of one id',
    async ({ work, calls, status, commands }) => {
      await vi.waitFor(() => expect(ground.answersTo(work)).toHaveLength(commands), { timeout: 30_000, interval: 50 });
      expect(effects.calls().get(work.data.idempotency_key)).toBe(calls);
      const answers = ground.answersTo(work);
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      for (const { command } of answers) {
        expect(command).toMatchObject({ type: 'agent.record_tool_result', data: { status } });
      }
    },
  );
});
