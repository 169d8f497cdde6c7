import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { WorkflowDefinitionRepository, WorkflowsFullError, type WorkflowVersionSummary } from '@chorda/read-models';
import { awaitedEventsOf, exportWorkflow, hashOfForm, textOfForm } from '@chorda/workflows';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf } from '../../audit/actor.js';
import { AuditRelay } from '../../audit/audit-relay.js';
import { credentialOf } from '../../auth/api-key.guard.js';
import { RequireScope } from '../../auth/scopes.js';
import { Problem } from '../../http/problem.js';
import { Documented } from '../../reference/documented.js';
import {
  applyWorkflow,
  archiveWorkflow,
  exportWorkflowVersion,
  getWorkflow,
  getWorkflowVersion,
  listWorkflows,
  listWorkflowVersions,
} from './definitions.openapi.js';
import { readDefinition } from './read-definition.js';
import { shownSummary, shownVersion } from './shown-definition.js';

const yesOrNo = z.enum(['true', 'false'], { error: 'must be true or false' }).default('false');
const applyQuery = z.strictObject({ dry_run: yesOrNo });
const listQuery = z.strictObject({ archived: yesOrNo });
const exportQuery = z.strictObject({
  format: z
    .enum(['yaml', 'json', 'serverless-workflow'], { error: 'must be yaml, json or serverless-workflow' })
    .default('yaml'),
});

/** Definitions of workflows: versions side by side, none of which is ever changed. */
@Controller('v1/workflows')
export class DefinitionsController {
  constructor(
    private readonly definitions: WorkflowDefinitionRepository,
    private readonly audit: AuditRelay,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(applyWorkflow)
  async apply(@Req() request: FastifyRequest, @Query({ schema: applyQuery }) query: z.output<typeof applyQuery>) {
    const { tenantId } = credentialOf(request);
    const { form, source, sourceFormat } = readDefinition(request, await this.definitions.known(tenantId));
    const hash = hashOfForm(form);
    const given = { name: form.name, hash, title: form.title, authorVersion: form.version };
    if (query.dry_run === 'true') {
      const newest = await this.definitions.find(tenantId, form.name);
      return { outcome: outcomeOf(newest, hash), name: form.name, hash, version: null };
    }
    const stored = await this.definitions
      .store(
        tenantId,
        { ...given, form: textOfForm(form), source, sourceFormat, awaits: awaitedEventsOf(form) },
        actorOf(request),
      )
      .catch((error: unknown) => {
        throw error instanceof WorkflowsFullError ? new Problem('LIMIT_REACHED', error.message) : error;
      });
    this.audit.wake();
    return { outcome: stored.outcome, name: form.name, hash, version: stored.version.version };
  }

  @Get()
  @RequireScope('workflows:read')
  @Documented(listWorkflows)
  async list(@Req() request: FastifyRequest, @Query({ schema: listQuery }) query: z.output<typeof listQuery>) {
    const { tenantId } = credentialOf(request);
    const items = await this.definitions.list(tenantId, { archived: query.archived === 'true' });
    return { items: items.map(shownSummary) };
  }

  @Get(':name')
  @RequireScope('workflows:read')
  @Documented(getWorkflow)
  async get(@Req() request: FastifyRequest, @Param('name') name: string) {
    return shownVersion(await this.find(request, name));
  }

  @Get(':name/versions')
  @RequireScope('workflows:read')
  @Documented(listWorkflowVersions)
  async versions(@Req() request: FastifyRequest, @Param('name') name: string) {
    const items = await this.definitions.versions(credentialOf(request).tenantId, name);
    if (items.length === 0) throw new Problem('NOT_FOUND', 'There is no such workflow');
    return { items: items.map(shownSummary) };
  }

  @Get(':name/versions/:version')
  @RequireScope('workflows:read')
  @Documented(getWorkflowVersion)
  async version(@Req() request: FastifyRequest, @Param('name') name: string, @Param('version') version: string) {
    return shownVersion(await this.find(request, name, version));
  }

  @Get(':name/versions/:version/export')
  @RequireScope('workflows:read')
  @Documented(exportWorkflowVersion)
  async export(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
    @Query({ schema: exportQuery }) { format }: z.output<typeof exportQuery>,
  ) {
    const found = await this.find(request, name, version);
    const { text, refusals } = exportWorkflow(found, format);
    if (text === undefined) {
      const detail = `It says more than Serverless Workflow can: ${refusals.map((each) => each.detail).join('; ')}`;
      throw new Problem('NOT_IN_THIS_STATE', detail.slice(0, 2_000), { issues: refusals });
    }
    return { name, version: found.version, format, text };
  }

  @Delete(':name')
  @HttpCode(204)
  @RequireScope('workflows:write')
  @Documented(archiveWorkflow)
  async archive(@Req() request: FastifyRequest, @Param('name') name: string): Promise<void> {
    const archived = await this.definitions.archive(credentialOf(request).tenantId, name, actorOf(request));
    if (!archived) throw new Problem('NOT_FOUND', 'There is no such workflow, or it is archived already');
    this.audit.wake();
  }

  private async find(request: FastifyRequest, name: string, version = 'latest') {
    const number = version === 'latest' ? undefined : Number(version);
    if (number !== undefined && !(Number.isSafeInteger(number) && number > 0 && number < 2 ** 31)) {
      throw new Problem('INVALID_REQUEST', 'version must be a number from 1, or latest');
    }
    const found = await this.definitions.find(credentialOf(request).tenantId, name, number);
    if (found === undefined) throw new Problem('NOT_FOUND', 'There is no such workflow, or no such version of it');
    return found;
  }
}

function outcomeOf(newest: WorkflowVersionSummary | undefined, hash: string): string {
  if (newest === undefined) return 'created';
  if (newest.hash !== hash) return 'updated';
  return newest.archivedAt === null ? 'unchanged' : 'restored';
}
