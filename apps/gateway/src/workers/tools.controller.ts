import { Controller, Delete, Get, HttpCode, Param, Put, Req } from '@nestjs/common';
import { InvalidInputError } from '@chorda/kernel';
import { JsonSchemaCheck } from '@chorda/platform';
import { AgentToolRepository, type RegisteredTool } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '../audit/actor.js';
import { AuditRelay } from '../audit/audit-relay.js';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { registerToolsBody, toolsMax, type RegisterToolsBody } from './worker-bodies.js';
import { listTools, registerTools, removeTool } from './workers.openapi.js';

/** Tools that users' own processes offer to the agents of their tenant. */
@Controller('v1/tools')
export class ToolsController {
  constructor(
    private readonly tools: AgentToolRepository,
    private readonly audit: AuditRelay,
  ) {}

  @Put()
  @HttpCode(200)
  @RequireScope('agents:work')
  @Documented(registerTools)
  async register(@Req() request: FastifyRequest) {
    const { tools } = readJsonBody(request, registerToolsBody);
    checkTools(tools);
    const { tenantId } = credentialOf(request);
    const { registered, count } = await this.tools.register(
      tenantId,
      tools.map(({ name, description, parameters, idempotent, timeout_ms: timeoutMs }) => ({
        ...{ name, description, idempotent, timeoutMs },
        parameters: JSON.stringify(parameters),
      })),
      { actor: actorOf(request), toolsMax },
    );
    if (!registered)
      throw new Problem('LIMIT_REACHED', `The tenant would have ${count} tools; at most ${toolsMax} may be`);
    this.audit.wake();
    const names = tools.map(({ name }) => name);
    return { tools: (await this.tools.find(tenantId, names)).map(shown) };
  }

  @Get()
  @RequireScope('events:read')
  @Documented(listTools)
  async list(@Req() request: FastifyRequest) {
    return { tools: (await this.tools.find(credentialOf(request).tenantId)).map(shown) };
  }

  @Delete(':name')
  @HttpCode(204)
  @RequireScope('agents:work')
  @Documented(removeTool)
  async remove(@Req() request: FastifyRequest, @Param('name') name: string): Promise<void> {
    const removed = await this.tools.remove(credentialOf(request).tenantId, name, actorOf(request));
    if (!removed) throw new Problem('NOT_FOUND', 'There is no such tool');
    this.audit.wake();
  }
}

function checkTools(tools: RegisterToolsBody['tools']): void {
  const issues = tools.flatMap(({ name, parameters }, index) => {
    const twice = tools.findIndex((other) => other.name === name) < index;
    const fault = twice ? `${name} is there twice` : schemaFault(parameters);
    return fault === undefined ? [] : [{ pointer: `/tools/${index}/${twice ? 'name' : 'parameters'}`, detail: fault }];
  });
  if (issues.length === 0) return;
  const detail = issues.map((issue) => `${issue.pointer} ${issue.detail}`).join('; ');
  throw new Problem('INVALID_SCHEMA', detail.slice(0, 2_000), { issues });
}

function schemaFault(parameters: RegisterToolsBody['tools'][number]['parameters']): string | undefined {
  try {
    new JsonSchemaCheck(parameters).issuesOf({});
    return undefined;
  } catch (error) {
    if (error instanceof InvalidInputError) return error.issues[0]?.detail ?? error.message;
    throw error;
  }
}

function shown(tool: RegisteredTool) {
  const parameters: unknown = JSON.parse(tool.parameters);
  return {
    name: tool.name,
    description: tool.description,
    parameters,
    idempotent: tool.idempotent,
    timeout_ms: tool.timeoutMs,
    registered_by: tool.registeredBy,
    registered_at: tool.registeredAt.toISOString(),
    polled_at: tool.polledAt?.toISOString() ?? null,
  };
}
