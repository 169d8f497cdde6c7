import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseEnv, readEnv, usingServer } from '@chorda/platform';
import { selfSignedCertificate, startStack, type TestStack } from '@chorda/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { migrate } from '../migrations/migrate.js';
import { pendingMigrations } from '../migrations/pending-migrations.js';
import { createPool } from './pool.js';

const folder = mkdtempSync(join(tmpdir(), 'chorda-tls-'));
const trusted = join(folder, 'ca.pem');
const stranger = join(folder, 'stranger.pem');
let stack: TestStack;

/** `ssl = on`, and no way in without it. */
beforeAll(async () => {
  stack = await startStack({ servers: ['postgres'] });
  const data = join(stack.home, 'postgres', 'data');
  const { uid, gid } = statSync(data);
  const { certPem, keyPem } = selfSignedCertificate();
  writeFileSync(trusted, certPem);
  writeFileSync(stranger, selfSignedCertificate().certPem);
  const ofServer = (name: string, content: string, mode: number) => {
    writeFileSync(join(data, name), content, { mode });
    chownSync(join(data, name), uid, gid);
  };
  ofServer('server.crt', certPem, 0o600);
  ofServer('server.key', keyPem, 0o600);
  ofServer('pg_hba.conf', 'hostssl all all 127.0.0.1/32 scram-sha-256\n', 0o600);
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  await client.query('ALTER SYSTEM SET ssl = on');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
  await vi.waitFor(() => seen(`sslmode=verify-full&sslrootcert=${trusted}`), 10_000);
});

afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

/** As an app gets it: read from the environment. */
function urlWith(query: string): string {
  return readEnv(z.object(databaseEnv), { DATABASE_URL: `${stack.databaseUrl}?${query}` }).DATABASE_URL;
}

/** Whether the server sees this connection as one with TLS. */
async function seen(query: string): Promise<boolean | undefined> {
  const pool = createPool(urlWith(query), { connectionsMax: 1 });
  try {
    const ask = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    return (await usingServer('postgres', () => pool.query<{ ssl: boolean }>(ask))).rows[0]?.ssl;
  } finally {
    await pool.end();
  }
}

describe('sslmode in DATABASE_URL', () => {
  it.each(['verify-full', 'verify-ca', 'require'])(
    '%s lets in who trusts the authority, and without a warning',
    async (mode) => {
      const warnings = vi.spyOn(process, 'emitWarning');
      expect(await seen(`sslmode=${mode}&sslrootcert=${trusted}`)).toBe(true);
      expect(warnings).not.toHaveBeenCalled();
      warnings.mockRestore();
    },
  );

  it.each(['verify-full', 'verify-ca', 'require'])(
    '%s refuses a server whose authority is not the one given, or unknown',
    async (mode) => {
      const refused =
        /Postgres \(DATABASE_URL\) has a certificate that is not trusted .*sslrootcert=FILE in DATABASE_URL/;
      await expect(seen(`sslmode=${mode}&sslrootcert=${stranger}`)).rejects.toThrow(refused);
      await expect(seen(`sslmode=${mode}`)).rejects.toThrow(refused);
    },
  );

  it('verify-full refuses a certificate for another host', async () => {
    const query = `sslmode=verify-full&sslrootcert=${trusted}&host=127.0.0.2`;
    await expect(seen(query)).rejects.toThrow(/is for another host|cannot be reached/);
  });

  it('no-verify speaks TLS and checks nothing; disable is refused by a server that wants TLS', async () => {
    expect(await seen('sslmode=no-verify')).toBe(true);
    await expect(seen('sslmode=disable')).rejects.toThrow(/refused the credentials|no encryption/);
  });

  it('holds for migrations and the doctor too', async () => {
    const url = urlWith(`sslmode=verify-full&sslrootcert=${trusted}`);
    await migrate(url);
    expect(await pendingMigrations(url)).toEqual([]);
    await expect(pendingMigrations(urlWith('sslmode=verify-full'))).rejects.toThrow(/self-signed/);
  });

  it('names a file that is not there, and refuses a mode that promises nothing', async () => {
    await expect(seen(`sslmode=verify-full&sslrootcert=${folder}/none`)).rejects.toThrow(
      /DATABASE_URL names the file .*none, which cannot be read \(ENOENT\)/,
    );
    for (const mode of ['prefer', 'allow', 'verify_full']) {
      expect(() => urlWith(`sslmode=${mode}`)).toThrow(/DATABASE_URL must have sslmode/);
    }
  });
});
