export { serviceEntity, serviceHealthEntity, type ServiceHealthRecord, type ServiceRecord } from './entities.js';
export { readModelsDataSource, withTenantManager } from './tenant-manager.js';
