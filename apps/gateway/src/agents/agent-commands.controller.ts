import { Controller, Delete, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { derivedId, systemClock } from '@chorda/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequireScope } from '../auth/scopes.js';
import { Documented } from '../reference/documented.js';
import { AgentCommands, withId, type JsonBody } from './agent-commands.js';
import {
  createAgentOperation,
  deleteAgentOperation,
  executeAgentOperation,
  terminateAgentOperation,
  validateAgentOperation,
} from './agent-commands.openapi.js';
import { newAgentId } from './new-agent-id.js';

/** What people ask of agents. Each is a command: the engine decides it, and the caller is told what it decided. */
@Controller('v1/agents')
export class AgentCommandsController {
  constructor(private readonly commands: AgentCommands) {}

  @Post()
  @HttpCode(201)
  @RequireScope('agents:write')
  @Documented(createAgentOperation)
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.commands.answer(
      {
        type: 'agent.create',
        operation: 'POST /v1/agents',
        data: (commandId, body) => ({ agent_id: newAgentId(commandId, systemClock.nowMs()), ...body }),
        shown: ({ data }) => {
          const id = 'agent_id' in data ? data.agent_id : '';
          return { status: 201, location: `/v1/agents/${encodeURIComponent(id)}` };
        },
      },
      request,
      reply,
    );
  }

  @Post(':id/validate')
  @HttpCode(200)
  @RequireScope('agents:write')
  @Documented(validateAgentOperation)
  async validate(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.ofAgent('agent.validate', 'POST /v1/agents/{id}/validate', id, request, reply);
  }

  @Post(':id/execute')
  @HttpCode(201)
  @RequireScope('agents:write')
  @Documented(executeAgentOperation)
  async execute(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.commands.answer(
      {
        type: 'agent.execute',
        operation: 'POST /v1/agents/{id}/execute',
        data: (commandId, body) => ({
          execution_id: derivedId(commandId, 'execution'),
          ...withId(body, 'agent_id', id),
        }),
        shown: ({ data }) => ({ status: 201, location: executionPath(data) }),
      },
      request,
      reply,
    );
  }

  @Post(':id/terminate')
  @HttpCode(200)
  @RequireScope('agents:write')
  @Documented(terminateAgentOperation)
  async terminate(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.ofAgent('agent.terminate', 'POST /v1/agents/{id}/terminate', id, request, reply);
  }

  @Delete(':id')
  @HttpCode(200)
  @RequireScope('agents:write')
  @Documented(deleteAgentOperation)
  async remove(@Param('id') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.ofAgent('agent.delete', 'DELETE /v1/agents/{id}', id, request, reply);
  }

  private ofAgent(
    type: 'agent.validate' | 'agent.terminate' | 'agent.delete',
    operation: string,
    id: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const data = (_: string, body: JsonBody) => withId(body, 'agent_id', id);
    return this.commands.answer({ type, operation, data, shown: () => ({ status: 200 }) }, request, reply);
  }
}

/** Of a command that starts an execution. */
export function executionPath(data: object): string {
  return 'execution_id' in data ? `/v1/executions/${encodeURIComponent(String(data.execution_id))}` : '/v1/executions';
}
