import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiKeyRepository } from '../access/api-key.repository.js';
import { migrate } from '../migrations/migrate.js';
import { createBackup } from './create-backup.js';
import { restoreBackup } from './restore-backup.js';
import { keptHereAlone, madeAgain } from './table-standing.js';

/** A registered schema is found by its text: these blanks and this order have to come back. */
const schemaText =
  '{ "type":\n  "record",  "name":"external.Odd", "fields":[{"name":"n","type":"long","default":9007199254740993}] }';

describe('a backup', () => {
  let folder: string;
  let file: string;
  let old: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chorda-backup-'));
    file = join(folder, 'backup.gz');
    old = await freshDatabase(inject('stack'));
    await migrate(old.url);
    pool = new pg.Pool({ connectionString: old.url });
    await fill();
    await createBackup(pool, file);
  });

  afterAll(async () => {
    await pool?.end();
    await old?.drop();
    rmSync(folder, { recursive: true });
  });

  async function fill(): Promise<void> {
    const keys = new ApiKeyRepository(pool);
    for (let index = 0; index < 1_200; index += 1) {
      const tenant = tenantId(`tenant-${index % 3}`);
      const key = {
        tenantId: tenant,
        keyId: `k${index}`,
        name: `"quoted" 'ä' \u2028 ${index}`,
        scopes: ['events:read'],
      };
      await keys.issue({ ...key, secretHash: Buffer.alloc(32, index % 256), expiresAt: undefined });
    }
    await pool.query(
      "INSERT INTO external_types (tenant_id, type, created_by) VALUES ('tenant-1', 'external.odd', 'me')",
    );
    await pool.query(
      `INSERT INTO external_type_versions (tenant_id, type, version, avro, fingerprint, created_by)
       VALUES ('tenant-1', 'external.odd', 1, $1, 'f', 'me')`,
      [schemaText],
    );
  }

  async function withNewDatabase(work: (target: pg.Pool) => Promise<void>): Promise<void> {
    const database = await freshDatabase(inject('stack'));
    const target = new pg.Pool({ connectionString: database.url });
    try {
      await migrate(database.url);
      await work(target);
    } finally {
      await target.end();
      await database.drop();
    }
  }

  const contentOf = async (of: pg.Pool, table: string) => {
    // What a restore adds to tell of itself.
    const own = table === 'audit_outbox' ? "WHERE data ->> 'action' <> 'backup.restored'" : '';
    return (await of.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t ${own} ORDER BY 1`)).rows;
  };

  it('brings a new database to the same rows, byte for byte', async () => {
    await withNewDatabase(async (target) => {
      const tables = await restoreBackup(target, file, { replace: false });
      expect(tables.find(({ table }) => table === 'api_keys')).toEqual({ table: 'api_keys', rows: 1_200 });
      for (const table of keptHereAlone)
        expect(await contentOf(target, table), table).toEqual(await contentOf(pool, table));
      const { rows } = await target.query<{ avro: string }>('SELECT avro::text FROM external_type_versions');
      expect(rows[0]?.avro).toBe(schemaText);
      const audit = await target.query("SELECT FROM audit_outbox WHERE data ->> 'action' = 'backup.restored'");
      expect(audit.rows, 'a restore leaves its audit event').toHaveLength(1);
    });
  });

  it('holds hashes of keys, so that its owner alone may read it', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is not restored over what is in use, unless that is asked for', async () => {
    await withNewDatabase(async (target) => {
      await new ApiKeyRepository(target).issue({
        ...{ tenantId: tenantId('mine'), keyId: 'mine', name: 'mine', scopes: [] },
        ...{ secretHash: Buffer.alloc(32), expiresAt: undefined },
      });
      await expect(restoreBackup(target, file, { replace: false })).rejects.toMatchObject({ code: 'BACKUP_CONFLICT' });
      expect(await contentOf(target, 'api_keys')).toHaveLength(1);
      await restoreBackup(target, file, { replace: true });
      expect(await contentOf(target, 'api_keys')).toEqual(await contentOf(pool, 'api_keys'));
    });
  });

  it('is taken by a database whose tables have columns that came later', async () => {
    await withNewDatabase(async (target) => {
      await target.query("ALTER TABLE tenants ADD COLUMN region text NOT NULL DEFAULT 'here'");
      await restoreBackup(target, file, { replace: false });
      expect((await target.query('SELECT DISTINCT region FROM tenants')).rows).toEqual([{ region: 'here' }]);
    });
  });

  it('is refused by a database that lacks a column, by its name', async () => {
    await withNewDatabase(async (target) => {
      await target.query('ALTER TABLE agent_tools DROP COLUMN idempotent');
      await expect(restoreBackup(target, file, { replace: false })).rejects.toThrow('agent_tools has no idempotent');
    });
  });

  const text = () => gunzipSync(readFileSync(file)).toString('utf8');
  const damages: readonly (readonly [what: string, damaged: () => Buffer, said: RegExp])[] = [
    ['is no gzip file', () => Buffer.from('hello'), /no gzip file, or is cut short/],
    ['is empty', () => Buffer.alloc(0), /cut short/],
    ['is cut in its middle', () => readFileSync(file).subarray(0, statSync(file).size / 2), /cut short/],
    ['lost its end', () => gzipSync(text().split('\n').slice(0, -2).join('\n')), /cut short/],
    ['lost a row', () => gzipSync(text().replace(/^".*\n/m, '')), /was changed/],
    ['has a changed key', () => gzipSync(text().replace('k1199', 'k9911')), /was changed/],
    ['is of another version', () => gzipSync(text().replace('"version":1', '"version":7')), /has version 7/],
    ['is somebody else’s', () => gzipSync('{"hello":"world"}\n'), /no backup of Chorda/],
    ['goes on behind its end', () => gzipSync(`${text()}{}\n`), /goes on behind its end/],
  ];

  it('that is damaged is refused and changes nothing', async () => {
    await withNewDatabase(async (target) => {
      for (const [what, damaged, said] of damages) {
        const path = join(folder, `${what}.gz`);
        writeFileSync(path, damaged());
        await expect(restoreBackup(target, path, { replace: true }), what).rejects.toThrow(said);
        expect(await contentOf(target, 'api_keys'), what).toEqual([]);
        expect(await contentOf(target, 'tenants'), what).toHaveLength(1);
      }
    });
  });

  it('knows of every table whether it has to have it', async () => {
    const { rows } = await pool.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
         AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
    );
    // Tables of projections are versioned, and made from the log.
    const unnamed = rows.filter(
      ({ name }) => !/_v\d+$/.test(name) && !(name in madeAgain) && !keptHereAlone.some((kept) => kept === name),
    );
    expect(unnamed).toEqual([]);
  });
});
