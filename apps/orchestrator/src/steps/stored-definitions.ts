import { WorkflowDefinitionRepository } from '@chorda/read-models';
import { pinSubWorkflows } from '@chorda/workflows';
import type pg from 'pg';
import type { DefinitionSource } from './begin-sub-workflow.js';

/** Stored versions that runs may be started of. */
export function storedDefinitions(pool: pg.Pool): DefinitionSource {
  const stored = new WorkflowDefinitionRepository(pool);
  return {
    async find(tenantId, name, version) {
      const wanted = version === null ? undefined : Number(version);
      if (wanted !== undefined && !Number.isSafeInteger(wanted)) return undefined;
      const found = await stored.find(tenantId, name, wanted);
      if (!found || found.archivedAt !== null) return undefined;
      const newest = (names: readonly string[]) => stored.newestVersions(tenantId, names);
      return { hash: found.hash, form: await pinSubWorkflows(found.form, newest) };
    },
  };
}
