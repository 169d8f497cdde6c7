import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { runsList, stepsList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { equalTo, ListAnswers } from '../lists/list-answers.js';
import { Documented } from '../reference/documented.js';
import { runOperation, runsOperation, runStepsOperation } from './runs.openapi.js';

@Controller('v1/runs')
export class RunsController {
  constructor(private readonly answers: ListAnswers) {}

  @Get()
  @RequireScope('events:read')
  @Documented(runsOperation)
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(runsList, { request, reply });
  }

  @Get(':id')
  @RequireScope('events:read')
  @Documented(runOperation)
  async byId(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answers.item(runsList, { request, reply }, { field: 'workflow_id', value: id });
  }

  @Get(':id/steps')
  @RequireScope('events:read')
  @Documented(runStepsOperation)
  async steps(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answers.list(stepsList, { request, reply }, { fixed: [equalTo('workflow_id', id)] });
  }
}
