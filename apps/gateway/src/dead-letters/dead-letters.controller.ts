import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { deadLettersList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { ListAnswers } from '../lists/list-answers.js';
import { Documented } from '../reference/documented.js';
import { DeadLetterDesk, redriveMax, type RedriveAnswer } from './dead-letter-desk.js';
import { deadLetterOperation, deadLettersOperation, redriveOperation } from './dead-letters.openapi.js';

const name = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, { error: 'must be a name of Kafka' });
const place = z.strictObject({
  topic: name,
  partition: z.int().min(0).max(1_000_000),
  offset: z.string().regex(/^\d{1,18}$/, { error: 'must be decimal text' }),
});

const redriveBody = z
  .strictObject({
    items: z.array(place).min(1).max(redriveMax).optional(),
    filter: z.strictObject({ source_topic: name, consumer_group: name, reason: name.optional() }).optional(),
    limit: z.int().min(1).max(redriveMax).default(redriveMax),
    dry_run: z.boolean().default(false),
  })
  .refine(({ items, filter }) => (items === undefined) !== (filter === undefined), {
    error: 'needs either items or filter',
  });

/** What consumer groups have set aside of the tenant. */
@Controller('v1/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly answers: ListAnswers,
    private readonly desk: DeadLetterDesk,
  ) {}

  @Get()
  @RequireScope('system:read')
  @Documented(deadLettersOperation)
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(deadLettersList, { request, reply });
  }

  @Get(':topic/:partition/:offset')
  @RequireScope('system:read')
  @Documented(deadLetterOperation)
  async show(
    @Param('topic') topic: string,
    @Param('partition') partition: string,
    @Param('offset') offset: string,
    @Req() request: FastifyRequest,
  ) {
    return this.desk.show(credentialOf(request).tenantId, { topic, partition, offset });
  }

  @Post('redrive')
  @HttpCode(200)
  @RequireScope('system:operate')
  @Documented(redriveOperation)
  async redrive(@Req() request: FastifyRequest): Promise<RedriveAnswer> {
    const { items, filter, limit, dry_run: isDryRun } = readJsonBody(request, redriveBody);
    const { tenantId } = credentialOf(request);
    return this.desk.redrive(tenantId, { items, filter, limit, isDryRun });
  }
}
