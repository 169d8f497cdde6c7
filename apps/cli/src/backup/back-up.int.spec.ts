import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { apiKeyMatches, parseApiKey } from '@chorda/platform';
import { createPool, ApiKeyRepository, migrate } from '@chorda/read-models';
import { freshDatabase } from '@chorda/testing';
import { expect, inject, it } from 'vitest';
import { CommandLine } from '../command-line/command-line.js';
import { runChorda } from '../program.js';

async function chorda(databaseUrl: string, ...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const cli = new CommandLine({ stdout, stderr }, { DATABASE_URL: databaseUrl }, new AbortController().signal);
  const exitCode = await runChorda([...args, '--json'], cli);
  const said: unknown = JSON.parse(String(stdout.read()));
  return { exitCode, said };
}

it('chorda backup: a key that was made before works in the database that is put back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-backup-'));
  const file = join(folder, 'backup.gz');
  const [old, fresh] = [await freshDatabase(inject('stack')), await freshDatabase(inject('stack'))];
  try {
    await Promise.all([migrate(old.url), migrate(fresh.url)]);
    const made = await chorda(old.url, 'keys', 'create', 'orders', '--scope', 'events:write');
    expect(made.exitCode).toBe(0);
    const { key } = made.said as { readonly key: string };

    expect(await chorda(old.url, 'backup', 'create', file)).toMatchObject({ exitCode: 0 });
    expect(await chorda(fresh.url, 'backup', 'restore', file)).toMatchObject({
      ...{ exitCode: 0, said: { tables: expect.arrayContaining([{ table: 'api_keys', rows: 1 }]) as unknown } },
    });

    const pool = createPool(fresh.url);
    const parsed = parseApiKey(key);
    const stored = parsed && (await new ApiKeyRepository(pool).find(parsed.keyId));
    await pool.end();
    expect(stored && apiKeyMatches(key, stored.secretHash)).toBe(true);

    // Put back twice: the second is told, and deletes nothing.
    expect(await chorda(fresh.url, 'backup', 'restore', file)).toMatchObject({
      ...{ exitCode: 4, said: { error: { next: expect.stringContaining('--replace') as unknown } } },
    });
    expect(await chorda(fresh.url, 'backup', 'restore', join(folder, 'none.gz'))).toMatchObject({ exitCode: 3 });
  } finally {
    await Promise.all([old.drop(), fresh.drop()]);
    rmSync(folder, { recursive: true });
  }
});
