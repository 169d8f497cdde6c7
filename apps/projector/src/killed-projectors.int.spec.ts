import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { ProjectorGround } from './test-support/ground.js';

/** Guarantees 2 and 3 with everything real: projectors as processes, Kafka, the registry, Postgres. */
describe('a projector that is killed', { timeout: 900_000 }, () => {
  let ground: ProjectorGround;
  let folder: string;

  beforeAll(async () => {
    ground = await ProjectorGround.open(inject('stack'));
    folder = mkdtempSync(join(tmpdir(), 'chorda-killed-'));
  });

  afterEach(() => ground.endProjectors());

  afterAll(async () => {
    await ground?.close();
    rmSync(folder, { recursive: true });
  });

  // The points around the rows are those of `crash.int.spec.ts`, where a kill costs no session time-out.
  it.each(['before-commit:3', 'after-commit:3', 'before-kafka-commit:3'])(
    'at %s: the next one goes on from the checkpoint, and the read models equal a rebuild',
    async (crashAt) => {
      const crashLog = join(folder, crashAt);
      const first = await ground.startProcess({ CHORDA_CRASH_AT: crashAt, CHORDA_CRASH_LOG: crashLog });
      await ground.send(300);
      expect(await first.ended, first.output()).toEqual({ code: null, signal: 'SIGKILL' });
      expect(existsSync(crashLog) && readFileSync(crashLog, 'utf8')).toBe(`${crashAt.split(':')[0]}\n`);
      rmSync(crashLog);
      await ground.startProcess();
      await ground.expectWhole();
    },
  );
});
