import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { tasksList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { ListAnswers } from '../lists/list-answers.js';
import { Documented } from '../reference/documented.js';
import { taskOperation, tasksOperation } from './tasks.openapi.js';

@Controller('v1/tasks')
export class TasksController {
  constructor(private readonly answers: ListAnswers) {}

  @Get()
  @RequireScope('events:read')
  @Documented(tasksOperation)
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(tasksList, { request, reply });
  }

  @Get(':id')
  @RequireScope('events:read')
  @Documented(taskOperation)
  async byId(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answers.item(tasksList, { request, reply }, { field: 'task_id', value: id }, ['workflow_id']);
  }
}
