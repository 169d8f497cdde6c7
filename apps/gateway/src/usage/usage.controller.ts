import { Controller, Get, Req, Res } from '@nestjs/common';
import { systemClock } from '@chorda/kernel';
import { UsageRepository } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { ListAnswers, queryOf } from '../lists/list-answers.js';
import { Documented } from '../reference/documented.js';
import { usageOperation } from './usage.openapi.js';
import { parseUsageQuery } from './usage.query.js';

@Controller('v1/usage')
export class UsageController {
  constructor(
    private readonly answers: ListAnswers,
    private readonly repository: UsageRepository,
  ) {}

  @Get()
  @RequireScope('events:read')
  @Documented(usageOperation)
  async usage(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { read, usage } = parseUsageQuery(queryOf(request), systemClock.nowMs());
    return this.answers.read({ request, reply }, { ...read, projections: ['usage'] }, async (tenant, completeness) => {
      const { groups, total, isTruncated } = await this.repository.sums(tenant, usage);
      return JSON.stringify({
        items: groups,
        total,
        group_by: usage.groupBy,
        from: new Date(usage.fromMs).toISOString(),
        to: new Date(usage.toMs).toISOString(),
        truncated: isTruncated,
        ...completeness,
      });
    });
  }
}
