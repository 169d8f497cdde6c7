import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTenant } from '@chorda/kernel';
import { ParkedRepository } from '@chorda/read-models';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ProjectorGround } from './test-support/ground.js';

const hot = 'agent-0';

/** Guarantee 4 with everything real: a record that nobody can read, in the middle of the busiest key of the topic. */
describe('poison in a hot key', { timeout: 300_000 }, () => {
  let ground: ProjectorGround;
  let folder: string;

  beforeAll(async () => {
    ground = await ProjectorGround.open(inject('stack'));
    folder = mkdtempSync(join(tmpdir(), 'chorda-poison-'));
  });

  afterAll(async () => {
    await ground?.close();
    rmSync(folder, { recursive: true });
  });

  async function parked(): Promise<readonly { projection: string; sequence_id: string; events: number }[]> {
    const { rows } = await ground.pool.query<{ projection: string; sequence_id: string; events: number }>(
      `SELECT projection, sequence_id, events::int AS events FROM parked_sequences ORDER BY projection`,
    );
    return rows;
  }

  it('stops nobody else, keeps its order behind it, survives kills, and is given up without a trace', async () => {
    const crashLog = join(folder, 'after-parked');
    const killed = await ground.startProcess({ CHORDA_CRASH_AT: 'after-parked:2', CHORDA_CRASH_LOG: crashLog });
    await ground.send(20, { agent: hot });
    await ground.sendPoison(hot);
    await ground.send(30, { agent: hot });
    await ground.send(100);
    expect(await killed.ended, killed.output()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(crashLog) && readFileSync(crashLog, 'utf8')).toBe('after-parked\n');

    const retryLog = join(folder, 'retry-after-rows');
    const next = await ground.startProcess({ CHORDA_CRASH_AT: 'retry-after-rows:1', CHORDA_CRASH_LOG: retryLog });
    await ground.untilApplied();
    const waiting = await parked();
    expect(waiting.length).toBeGreaterThan(1);
    // The poison, the thirty behind it, and the hundred's own of that agent.
    expect(Math.min(...waiting.map(({ events }) => events))).toBeGreaterThan(30);

    const repository = new ParkedRepository(ground.pool);
    for (const { projection, sequence_id: sequence } of waiting) {
      const [poison] = await repository.events(defaultTenant, sequence, 0, 1);
      const request = { reason: 'no one can read it', by: 'spec', throughOffset: poison?.offset };
      expect(await repository.discard(defaultTenant, projection, sequence, request)).toBeDefined();
    }
    expect(await next.ended, next.output()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(retryLog) && readFileSync(retryLog, 'utf8')).toBe('retry-after-rows\n');

    await ground.startProcess();
    await expect.poll(parked, { timeout: 60_000, interval: 200 }).toEqual([]);
    await ground.expectWhole();
  });
});
