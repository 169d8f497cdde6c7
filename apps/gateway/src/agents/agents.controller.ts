import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { agentsList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { ListAnswers } from '../lists/list-answers.js';
import { Documented } from '../reference/documented.js';
import { agentOperation, agentsOperation } from './agents.openapi.js';

@Controller('v1/agents')
export class AgentsController {
  constructor(private readonly answers: ListAnswers) {}

  @Get()
  @RequireScope('events:read')
  @Documented(agentsOperation)
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(agentsList, { request, reply });
  }

  @Get(':id')
  @RequireScope('events:read')
  @Documented(agentOperation)
  async byId(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answers.item(agentsList, { request, reply }, { field: 'agent_id', value: id });
  }
}
