import { defaultTenant, tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import { ServicesRepository } from '../services/services.repository.js';
import { serviceEntity } from './entities.js';
import { readModelsDataSource, withTenantManager } from './tenant-manager.js';

const other = tenantId('other');

describe('entities', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    dataSource = await readModelsDataSource(database.url, 1).initialize();
    for (const tenant of [defaultTenant, other]) {
      await pool.query(
        `INSERT INTO services_v1 (tenant_id, service, instance, status, last_seen, uptime_ms, alerts)
         VALUES ($1, 'of-' || $1, 'one', 'healthy', '2026-11-21T12:00:00Z', 5000, '{a,b}')`,
        [tenant],
      );
    }
  });

  afterAll(async () => {
    await dataSource.destroy();
    await pool.end();
    await database.drop();
  });

  it('show their tenant alone, through the view', async () => {
    const found = await withTenantManager(dataSource, other, (manager) => manager.find(serviceEntity));
    expect(found.map(({ service }) => service)).toEqual(['of-other']);
    expect(found[0]).toMatchObject({ uptime_ms: 5000, alerts: ['a', 'b'], version: null });
  });

  it('say the same as the repository', async () => {
    const found = await withTenantManager(dataSource, other, (manager) => manager.find(serviceEntity));
    const listed = await new ServicesRepository(pool).list(other);
    expect(found).toEqual(listed.map((row) => ({ ...row, tenant_id: 'other' })));
  });

  it('cannot be written', async () => {
    const writing = withTenantManager(dataSource, other, (manager) =>
      manager.update(serviceEntity, {}, { status: 'x' }),
    );
    await expect(writing).rejects.toThrow(/permission denied|Empty criteria/);
    const deleting = withTenantManager(dataSource, other, (manager) =>
      manager.delete(serviceEntity, { service: 'of-other' }),
    );
    await expect(deleting).rejects.toThrow(/permission denied/);
  });

  it('describe the columns that the views have', async () => {
    for (const { tableName, columns } of dataSource.entityMetadatas) {
      const { rows } = await pool.query<{ name: string }>(
        'SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1',
        [tableName],
      );
      const names = rows.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(columns.map(({ databaseName }) => databaseName)));
    }
  });
});
