import { Controller, Delete, Get, HttpCode, Inject, Param, Put, Req, Res } from '@nestjs/common';
import { agentId, sessionId } from '@chorda/contracts';
import { agentStream, memoryOf, sessionStream, type AgentStates } from '@chorda/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { decisionParts } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { AgentCommands, type JsonBody } from './agent-commands.js';
import type { DecisionParts } from './open-decisions.js';
import { forgetMemoryOperation, getSessionOperation, writeMemoryOperation } from './sessions.openapi.js';

type Session = AgentStates['session'];

interface EntryPlace {
  readonly id: string;
  readonly session_id: string;
  readonly area: string;
  readonly key: string;
}

const nothing: Session = { messages: [], entries: {} };

/** What agents remember of their sessions. */
@Controller('v1/agents/:id/sessions/:session_id')
export class SessionsController {
  constructor(
    private readonly commands: AgentCommands,
    @Inject(decisionParts) private readonly decisions: DecisionParts,
  ) {}

  @Get()
  @RequireScope('events:read')
  @Documented(getSessionOperation)
  async session(
    @Param('id') id: string,
    @Param('session_id') session: string,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const { tenantId } = credentialOf(request);
    const { streams } = this.decisions;
    const agent = await streams.at(tenantId, agentStream(agentId(id)), { version: 1n });
    if (!agent) throw new Problem('AGENT_NOT_FOUND', `There is no agent ${id} that is run here`);
    const found = await streams.at(tenantId, sessionStream(agentId(id), sessionId(session)));
    const state = found?.state ?? nothing;
    return {
      ...{ agent_id: id, session_id: session, version: String(found?.version ?? 0n) },
      ...{ messages: state.messages, memory: memoryOf(state) },
    };
  }

  @Put('memory/:area/:key')
  @HttpCode(200)
  @RequireScope('agents:write')
  @Documented(writeMemoryOperation)
  async write(@Param() place: EntryPlace, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.give('PUT', place, valueOf, request, reply);
  }

  @Delete('memory/:area/:key')
  @HttpCode(200)
  @RequireScope('agents:write')
  @Documented(forgetMemoryOperation)
  async forget(@Param() place: EntryPlace, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.give('DELETE', place, () => null, request, reply);
  }

  private give(
    method: 'PUT' | 'DELETE',
    { id: agent_id, session_id, area, key }: EntryPlace,
    value: (body: JsonBody) => unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    return this.commands.answer(
      {
        type: 'agent.write_memory',
        operation: `${method} /v1/agents/{id}/sessions/{session_id}/memory/{area}/{key}`,
        data: (_, body) => ({ agent_id, session_id, area, key, value: value(body) }),
        shown: () => ({ status: 200 }),
      },
      request,
      reply,
    );
  }
}

/** What is left out must not be taken for null, which forgets. */
function valueOf(body: JsonBody): unknown {
  const [strange] = Object.keys(body).filter((name) => name !== 'value');
  const fault = strange !== undefined ? { pointer: `/${strange}`, detail: 'is not known here' } : undefined;
  const issue = fault ?? ('value' in body ? undefined : { pointer: '/value', detail: 'must be given; null forgets' });
  if (issue) throw new Problem('INVALID_REQUEST', `${issue.pointer} ${issue.detail}`, { issues: [issue] });
  return body['value'];
}
