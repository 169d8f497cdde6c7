import { Controller, Get, Req, Res } from '@nestjs/common';
import { stepsList } from '@chorda/read-models';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { ListAnswers } from '../lists/list-answers.js';
import { Documented } from '../reference/documented.js';
import { stepsOperation } from './runs.openapi.js';

@Controller('v1/steps')
export class StepsController {
  constructor(private readonly answers: ListAnswers) {}

  @Get()
  @RequireScope('events:read')
  @Documented(stepsOperation)
  async list(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.answers.list(stepsList, { request, reply });
  }
}
