import { Controller, Get, Header, Param, Query, Req } from '@nestjs/common';
import { eventDataToJsonText, eventTypes, formatTimestamp, workflowId, type WorkflowEvent } from '@chorda/contracts';
import type { StreamEvent } from '@chorda/decisions';
import { branchStream, runPlan, runReport, runStream, type KnownRun } from '@chorda/domain';
import type { TenantId } from '@chorda/kernel';
import { UsageRepository, type UsageSums } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { historyPageMax } from '../agents/agent-commands.openapi.js';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { wholeNumber } from '../events/read-your-writes.query.js';
import { Problem } from '../http/problem.js';
import { databaseProblem } from '../lists/database-problem.js';
import { Documented } from '../reference/documented.js';
import { RunCommands } from './run-commands.js';
import { runHistoryOperation, runPlanOperation, runReportOperation } from './run-commands.openapi.js';

const hourMs = 3_600_000;
/** In a report; the sums are of all. */
const modelsMax = 50;
const counter = z.string().regex(/^\d{1,18}$/, { error: 'must be a version, as decimal text' });
const historyQuery = z.strictObject({
  after: counter.default('0'),
  limit: wholeNumber(1, historyPageMax).default(100),
  branch: z
    .string()
    .max(256)
    .regex(/^[\w./#[\]!~-]+$/, { error: 'must be the id of a nested flow, such as each[17]' })
    .optional(),
});

/** What was decided about runs, straight from the engine's tables: no read model is between, so nothing lags. */
@Controller('v1/runs/:id')
export class RunViewsController {
  constructor(
    private readonly commands: RunCommands,
    private readonly usage: UsageRepository,
  ) {}

  @Get('events')
  @Header('content-type', 'application/json; charset=utf-8')
  @RequireScope('events:read')
  @Documented(runHistoryOperation)
  async events(
    @Param('id') id: string,
    @Query({ schema: historyQuery }) { after, limit, branch }: z.output<typeof historyQuery>,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const run = workflowId(id);
    const stream = branch === undefined ? runStream(run) : branchStream(run, branch);
    const { tenantId } = credentialOf(request);
    const events = await this.commands.streams.history(tenantId, stream, BigInt(after), limit + 1);
    if (events.length === 0 && after === '0')
      throw new Problem('RUN_NOT_FOUND', `There is no run ${id} that is run here`);
    const page = events.slice(0, limit);
    const next = events.length > limit ? String(page.at(-1)?.version) : null;
    return `{"items":[${page.map(eventText).join(',')}],"next_after":${JSON.stringify(next)}}`;
  }

  @Get('plan')
  @RequireScope('events:read')
  @Documented(runPlanOperation)
  async plan(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    const { run, version } = await this.commands.runOf(credentialOf(request).tenantId, id);
    return { workflow_id: id, status: run.status, version: String(version), ...runPlan(run) };
  }

  @Get('report')
  @RequireScope('events:read')
  @Documented(runReportOperation)
  async report(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    const { tenantId } = credentialOf(request);
    const { run, version } = await this.commands.runOf(tenantId, id);
    return {
      workflow_id: id,
      version: String(version),
      ...runReport(run),
      usage: await this.usageOf(tenantId, id, run),
    };
  }

  /** What models cost the run so far, as the read model of usage has it; null where that cannot be read: the rest can. */
  private async usageOf(tenantId: TenantId, id: string, { startedMs }: KnownRun): Promise<object | null> {
    const fromMs = startedMs - hourMs;
    const query = { groupBy: ['model'], fromMs, toMs: Date.now() + hourMs, workflowId: id, limit: modelsMax } as const;
    try {
      const { groups, total } = await this.usage.sums(tenantId, query);
      const models = groups.map((group) => ({ model: String(group['model'] ?? ''), ...spent(group) }));
      return { ...spent(total), models };
    } catch (error) {
      if (databaseProblem(error) instanceof Problem) return null;
      throw error;
    }
  }
}

function spent(sums: UsageSums) {
  const count = (name: string) => Number(sums[name] ?? 0);
  return {
    attempts: count('attempts'),
    prompt_tokens: count('prompt_tokens'),
    completion_tokens: count('completion_tokens'),
    cost_usd: String(sums['cost_usd'] ?? '0'),
  };
}

function eventText({ version, event, metadata }: StreamEvent<WorkflowEvent>): string {
  const head = {
    id: metadata.id,
    type: event.type,
    time: formatTimestamp(metadata.timeMs),
    stream_version: String(version),
    subject: metadata.subject,
    correlation_id: metadata.correlationId,
    causation_id: metadata.causationId ?? null,
    command_id: metadata.decision?.commandId ?? null,
    data_schema: eventTypes[event.type].dataSchema,
  };
  return `${JSON.stringify(head).slice(0, -1)},"data":${eventDataToJsonText(event)}}`;
}
