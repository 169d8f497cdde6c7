import type { TenantId } from '@chorda/kernel';
import { DataSource, type EntityManager } from 'typeorm';
import { readerRole } from '../migrations/reader-role.js';
import { serviceEntity, serviceHealthEntity } from './entities.js';
import {
  journalEntity,
  agentEntity,
  executionEntity,
  runEntity,
  stepEntity,
  taskEntity,
  usageEntity,
  inferenceRequestEntity,
  scheduleEntity,
  rateEntity,
  deadLetterEntity,
} from './read-model-entities.js';

const entities = [
  serviceEntity,
  serviceHealthEntity,
  journalEntity,
  agentEntity,
  executionEntity,
  runEntity,
  stepEntity,
  taskEntity,
  usageEntity,
  inferenceRequestEntity,
  scheduleEntity,
  rateEntity,
  deadLetterEntity,
];

/** A data source over the views of the read models. Initialize it before use and destroy it after. */
export function readModelsDataSource(databaseUrl: string, connectionsMax = 5): DataSource {
  return new DataSource({
    type: 'postgres',
    url: databaseUrl,
    applicationName: 'chorda read models',
    poolSize: connectionsMax,
    entities,
    synchronize: false,
    migrationsRun: false,
    extra: { options: '-c statement_timeout=10000' },
  });
}

/** As `withTenant`: one transaction, the reader role, the tenant set for it alone. Read only by its role's rights. */
export async function withTenantManager<Result>(
  dataSource: DataSource,
  tenant: TenantId,
  read: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`SET LOCAL ROLE ${readerRole}`);
    await manager.query(`SELECT set_config('chorda.tenant_id', $1, true)`, [tenant]);
    return read(manager);
  });
}
