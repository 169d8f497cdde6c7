import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { derivedId } from '@chorda/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { Documented } from '../reference/documented.js';
import { AgentCommands, withId, type JsonBody } from './agent-commands.js';
import { executionPath } from './agent-commands.controller.js';
import {
  cancelExecutionOperation,
  retryExecutionOperation,
  settleIncidentOperation,
} from './agent-commands.openapi.js';

/** What people ask of executions. The log is keyed by the agent, which is looked up where the caller does not name it. */
@Controller('v1/executions/:id')
export class ExecutionCommandsController {
  constructor(private readonly commands: AgentCommands) {}

  @Post('cancel')
  @HttpCode(200)
  @RequireScope('agents:write')
  @Documented(cancelExecutionOperation)
  async cancel(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.commands.answer(
      {
        type: 'agent.cancel_execution',
        operation: 'POST /v1/executions/{id}/cancel',
        data: async (_, body) => withId(await this.withAgent(request, id, body), 'execution_id', id),
        shown: () => ({ status: 200 }),
      },
      request,
      reply,
    );
  }

  @Post('retry')
  @HttpCode(201)
  @RequireScope('agents:write')
  @Documented(retryExecutionOperation)
  async retry(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.commands.answer(
      {
        type: 'agent.retry_execution',
        operation: 'POST /v1/executions/{id}/retry',
        data: async (commandId, body) => ({
          execution_id: derivedId(commandId, 'execution'),
          ...(await this.withAgent(request, id, body)),
          retry_of: id,
        }),
        shown: ({ data }) => ({ status: 201, location: executionPath(data) }),
      },
      request,
      reply,
    );
  }

  @Post('incidents/:incident_id/settle')
  @HttpCode(200)
  @RequireScope('agents:write')
  @Documented(settleIncidentOperation)
  async settle(
    @Param('id') id: string,
    @Param('incident_id') incidentId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.commands.answer(
      {
        type: 'agent.settle_incident',
        operation: 'POST /v1/executions/{id}/incidents/{incident_id}/settle',
        data: async (_, body) => {
          const named = withId(await this.withAgent(request, id, body), 'execution_id', id);
          return withId(named, 'incident_id', incidentId);
        },
        shown: () => ({ status: 200 }),
      },
      request,
      reply,
    );
  }

  private async withAgent(request: FastifyRequest, id: string, body: JsonBody): Promise<JsonBody> {
    return { ...body, agent_id: await this.commands.agentOf(request, id, body) };
  }
}
