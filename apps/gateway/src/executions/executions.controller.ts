import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { executionsList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { ListAnswers } from '../lists/list-answers.js';
import { Documented } from '../reference/documented.js';
import { executionOperation, executionsOperation } from './executions.openapi.js';

@Controller('v1/executions')
export class ExecutionsController {
  constructor(private readonly answers: ListAnswers) {}

  @Get()
  @RequireScope('events:read')
  @Documented(executionsOperation)
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(executionsList, { request, reply });
  }

  @Get(':id')
  @RequireScope('events:read')
  @Documented(executionOperation)
  async byId(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answers.item(executionsList, { request, reply }, { field: 'execution_id', value: id }, ['agent_id']);
  }
}
