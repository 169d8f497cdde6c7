import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Documented } from '../reference/documented.js';
import { leaseBody, pollBody, resultBody } from './worker-bodies.js';
import { WorkerDesk } from './worker-desk.js';
import { beatWork, pollWork, recordWork } from './workers.openapi.js';

/** Calls of tools, for the processes that offer them. */
@Controller('v1/work')
export class WorkController {
  constructor(private readonly desk: WorkerDesk) {}

  @Post('poll')
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(pollWork)
  async poll(@Req() request: FastifyRequest) {
    const body = readJsonBody(request, pollBody);
    const gone = new AbortController();
    const leave = () => gone.abort();
    request.raw.socket.once('close', leave);
    try {
      return { calls: await this.desk.poll(credentialOf(request).tenantId, body, gone.signal) };
    } finally {
      request.raw.socket.removeListener('close', leave);
    }
  }

  @Post(':id/heartbeat')
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(beatWork)
  async beat(@Req() request: FastifyRequest, @Param('id') workId: string) {
    const { lease_token: leaseToken } = readJsonBody(request, leaseBody);
    await this.desk.beat({ tenantId: credentialOf(request).tenantId, workId, leaseToken });
    return { status: 'held' };
  }

  @Post(':id/result')
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(recordWork)
  async record(@Req() request: FastifyRequest, @Param('id') workId: string) {
    const body = readJsonBody(request, resultBody);
    await this.desk.answer({ tenantId: credentialOf(request).tenantId, workId, leaseToken: body.lease_token }, body);
    return { status: 'stored' };
  }
}
