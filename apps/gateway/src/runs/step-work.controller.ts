import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Documented } from '../reference/documented.js';
import {
  beatStepOperation,
  pollStepsOperation,
  recordStepOperation,
  recordStepsOperation,
} from './run-commands.openapi.js';
import { stepBeatBody, stepPollBody, stepResultBody, stepResultsBody } from './step-bodies.js';
import { StepDesk } from './step-desk.js';

/** Steps of runs, for the processes that do them. */
@Controller('v1/steps')
export class StepWorkController {
  constructor(private readonly desk: StepDesk) {}

  @Post('poll')
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(pollStepsOperation)
  async poll(@Req() request: FastifyRequest) {
    const body = readJsonBody(request, stepPollBody);
    const gone = new AbortController();
    const leave = () => gone.abort();
    request.raw.socket.once('close', leave);
    try {
      return { steps: await this.desk.poll(credentialOf(request).tenantId, body, gone.signal) };
    } finally {
      request.raw.socket.removeListener('close', leave);
    }
  }

  @Post('results')
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(recordStepsOperation)
  async recordAll(@Req() request: FastifyRequest) {
    const { results } = readJsonBody(request, stepResultsBody);
    return { results: await this.desk.answerAll(credentialOf(request).tenantId, results) };
  }

  @Post(':id/heartbeat')
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(beatStepOperation)
  async beat(@Req() request: FastifyRequest, @Param('id') workId: string) {
    const { lease_token: leaseToken, run_id, step_id, progress, checkpoint } = readJsonBody(request, stepBeatBody);
    const lease = { tenantId: credentialOf(request).tenantId, workId, leaseToken };
    await this.desk.beat(lease, { work: { run_id, step_id, idle: progress }, checkpoint });
    return { status: 'held' };
  }

  @Post(':id/result')
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(recordStepOperation)
  async record(@Req() request: FastifyRequest, @Param('id') workId: string) {
    const body = readJsonBody(request, stepResultBody);
    const lease = { tenantId: credentialOf(request).tenantId, workId, leaseToken: body.lease_token };
    await this.desk.answer(lease, body);
    return { status: 'stored' };
  }
}
