import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { derivedId, newId, type JsonValue } from '@chorda/kernel';
import { RunJobRepository, RunJobsFullError, runsList, runsOfJobMax, type RunJob } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf } from '../audit/actor.js';
import { AuditRelay } from '../audit/audit-relay.js';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { readIdempotencyKey } from '../ingest/idempotency-key.js';
import { parseListQuery } from '../lists/list-query.js';
import { Documented } from '../reference/documented.js';
import { cancelRunJob as cancelOperation, createRunJob, getRunJob, listRunJobs } from './run-jobs.openapi.js';

const reason = z.string().max(2_000).nullable().default(null);
const common = {
  where: z.record(z.string().min(1).max(100), z.string().min(1).max(1_024)),
  runs_max: z.int().min(1).max(runsOfJobMax).default(1_000),
};
const newJobBody = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('pause'), ...common, reason }),
  z.strictObject({ action: z.literal('resume'), ...common }),
  z.strictObject({
    action: z.literal('cancel'),
    ...common,
    reason,
    hard: z.boolean().default(false),
    compensate: z.boolean().default(false),
  }),
  z.strictObject({
    action: z.literal('retry'),
    ...common,
    resolution: z.enum(['repeat', 'failed']).default('repeat'),
    reason,
  }),
]);

/** The same told to all runs of a query. */
@Controller('v1/run-jobs')
export class RunJobsController {
  constructor(
    private readonly jobs: RunJobRepository,
    private readonly audit: AuditRelay,
  ) {}

  @Post()
  @HttpCode(202)
  @RequireScope('workflows:write')
  @Documented(createRunJob)
  async create(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { action, where, runs_max: runsMax, ...told } = readJsonBody(request, newJobBody);
    const { tenantId } = credentialOf(request);
    const conditions = conditionsOf(where);
    const header = request.headers['idempotency-key'];
    const key = readIdempotencyKey(Array.isArray(header) ? header[0] : header);
    const jobId = key === undefined ? newId() : derivedId(tenantId, 'run job', key);
    const asked = { jobId, action, told: toldOf(action, told), filter: where, conditions, runsMax };
    const job = await this.jobs
      .create(tenantId, { ...asked, correlationId: request.trace.requestId }, actorOf(request))
      .catch((error: unknown) => {
        throw error instanceof RunJobsFullError ? new Problem('LIMIT_REACHED', error.message) : error;
      });
    this.audit.wake();
    void reply.header('location', `/v1/run-jobs/${jobId}`);
    return shown(job);
  }

  @Get()
  @RequireScope('workflows:read')
  @Documented(listRunJobs)
  async list(@Req() request: FastifyRequest): Promise<object> {
    return { items: (await this.jobs.list(credentialOf(request).tenantId)).map(shown) };
  }

  @Get(':id')
  @RequireScope('workflows:read')
  @Documented(getRunJob)
  async byId(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    return shown(await this.find(request, id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(cancelOperation)
  async cancel(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    await this.find(request, id);
    // One that has ended meanwhile is shown as it ended.
    await this.jobs.cancel(credentialOf(request).tenantId, id, actorOf(request));
    this.audit.wake();
    return shown(await this.find(request, id));
  }

  private async find(request: FastifyRequest, id: string): Promise<RunJob> {
    const isId = /^[A-Za-z0-9-]{1,64}$/.test(id);
    const found = isId ? await this.jobs.find(credentialOf(request).tenantId, id) : undefined;
    if (found === undefined) throw new Problem('NOT_FOUND', 'There is no such job');
    return found;
  }
}

/** @throws Problem naming the field and the rule. */
function conditionsOf(where: Readonly<Record<string, string>>) {
  if (Object.keys(where).length === 0) {
    const detail = 'must name a field at least; all runs there are is hardly meant';
    throw new Problem('INVALID_REQUEST', `/where ${detail}`, { issues: [{ pointer: '/where', detail }] });
  }
  const notOfPages = ['sort', 'cursor', 'limit', 'count', 'min_position', 'wait'].find((name) => name in where);
  if (notOfPages !== undefined) {
    const detail = 'is no field of runs';
    throw new Problem('INVALID_REQUEST', `/where/${notOfPages} ${detail}`, {
      issues: [{ pointer: `/where/${notOfPages}`, detail }],
    });
  }
  return parseListQuery(runsList, where).request.conditions;
}

function toldOf(action: string, told: { readonly [field: string]: JsonValue | undefined }) {
  const said = Object.fromEntries(
    Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return action === 'retry' ? { step_id: null, ...said } : said;
}

function shown(job: RunJob): object {
  return {
    job_id: job.jobId,
    action: job.action,
    where: job.filter,
    runs_max: job.runsMax,
    status: job.status,
    runs: job.runs,
    accepted: job.accepted,
    refused: job.refused,
    is_cut: job.isCut,
    refusals: job.refusals,
    error: job.error,
    requested_by: job.requestedBy,
    created_at: job.createdAt.toISOString(),
    ended_at: job.endedAt?.toISOString() ?? null,
  };
}
