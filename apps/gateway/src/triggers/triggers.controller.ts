import { createHash, randomBytes } from 'node:crypto';
import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { allEventTypes, eventTypes, isEventType } from '@chorda/contracts';
import { newId } from '@chorda/kernel';
import {
  TriggerRepository,
  TriggersFullError,
  WorkflowDefinitionRepository,
  type CountedTrigger,
  type WorkflowTrigger,
} from '@chorda/read-models';
import { celFault } from '@chorda/workflows';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf } from '../audit/actor.js';
import { AuditRelay } from '../audit/audit-relay.js';
import { credentialOf } from '../auth/credential-of.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { newSigningSecret } from './standard-webhooks.js';
import { newTriggerBody, type NewTriggerBody } from './trigger-bodies.js';
import * as operations from './triggers.openapi.js';

/** What starts runs of workflows when something happens. */
@Controller('v1/triggers')
export class TriggersController {
  constructor(
    private readonly triggers: TriggerRepository,
    private readonly definitions: WorkflowDefinitionRepository,
    private readonly audit: AuditRelay,
  ) {}

  @Post()
  @HttpCode(201)
  @RequireScope('workflows:write')
  @Documented(operations.createTrigger)
  async create(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { tenantId } = credentialOf(request);
    const body = readJsonBody(request, newTriggerBody);
    await this.check(request, body);
    const triggerId = body.trigger_id ?? newId();
    const token = body.kind === 'http' ? `trg_${randomBytes(24).toString('base64url')}` : null;
    const signingSecret = body.kind === 'http' && body.signed ? newSigningSecret() : null;
    const { kind, title, workflow_name: workflowName, workflow_version: workflowVersion, filter, input } = body;
    const topics = body.kind === 'event' ? [...new Set(body.topics)] : [];
    const given = { triggerId, kind, title, workflowName, workflowVersion, topics, filter, input, signingSecret };
    const tokenHash = token === null ? null : hashOfToken(token);
    const made = await this.triggers
      .create(tenantId, { ...given, tokenHash }, actorOf(request))
      .catch((error: unknown) => {
        throw error instanceof TriggersFullError ? new Problem('LIMIT_REACHED', error.message) : error;
      });
    if (made === undefined) {
      const detail = `There is, or was, a trigger ${triggerId}; ids are not used again`;
      throw new Problem('ALREADY_EXISTS', detail, { issues: [{ pointer: '/trigger_id', detail }] });
    }
    this.audit.wake();
    void reply.header('location', `/v1/triggers/${encodeURIComponent(triggerId)}`);
    const secrets = { ...(token !== null && { path: `/v1/hooks/${token}` }), signing_secret: signingSecret };
    return { ...shown(made), ...(kind === 'http' && secrets) };
  }

  @Get()
  @RequireScope('workflows:read')
  @Documented(operations.listTriggers)
  async list(@Req() request: FastifyRequest): Promise<object> {
    return { items: (await this.triggers.list(credentialOf(request).tenantId)).map(shownCounted) };
  }

  @Get(':id')
  @RequireScope('workflows:read')
  @Documented(operations.getTrigger)
  async byId(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    return shownCounted(await this.find(request, id));
  }

  @Post(':id/pause')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(operations.pauseTrigger)
  pause(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    return this.enable(request, id, false);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @RequireScope('workflows:write')
  @Documented(operations.resumeTrigger)
  resume(@Param('id') id: string, @Req() request: FastifyRequest): Promise<object> {
    return this.enable(request, id, true);
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('workflows:write')
  @Documented(operations.deleteTrigger)
  async delete(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    await this.find(request, id);
    await this.triggers.delete(credentialOf(request).tenantId, id, actorOf(request));
    this.audit.wake();
  }

  private async enable(request: FastifyRequest, id: string, enabled: boolean): Promise<object> {
    await this.find(request, id);
    await this.triggers.enable(credentialOf(request).tenantId, id, enabled, actorOf(request));
    this.audit.wake();
    return shownCounted(await this.find(request, id));
  }

  private async find(request: FastifyRequest, id: string): Promise<CountedTrigger> {
    const isId = /^[A-Za-z0-9._-]{1,80}$/.test(id);
    const found = isId ? await this.triggers.find(credentialOf(request).tenantId, id) : undefined;
    if (found === undefined) throw new Problem('NOT_FOUND', 'There is no such trigger');
    return found;
  }

  /** @throws Problem naming the field and the rule: nobody has to wait for the first event to hear of it. */
  private async check(request: FastifyRequest, body: NewTriggerBody): Promise<void> {
    for (const field of ['filter', 'input'] as const) {
      const text = body[field];
      const fault = text === null ? undefined : celFault(text);
      if (fault !== undefined) throw invalid(field, fault);
    }
    if (body.kind === 'event') {
      for (const topic of body.topics) if (!isReadable(topic)) throw invalid('topics', notReadable(topic));
    }
    const { workflow_name: name, workflow_version: version } = body;
    const found = await this.definitions.find(credentialOf(request).tenantId, name, version ?? undefined);
    if (found && found.archivedAt === null) return;
    throw invalid('workflow_name', `names no workflow${version === null ? '' : ` of version ${version}`}: ${name}`);
  }
}

export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function invalid(field: string, rule: string): Problem {
  return new Problem('INVALID_COMMAND', `/${field} ${rule}`, { issues: [{ pointer: `/${field}`, detail: rule }] });
}

/** Audit events are for those who may read them, whom a run would know nothing of. */
function readableTopics(): ReadonlySet<string> {
  const topics = allEventTypes.map((type) => eventTypes[type].topic);
  return new Set(topics.filter((topic) => topic !== 'audit.events'));
}

function isReadable(topic: string): boolean {
  return readableTopics().has(topic) || (topic.startsWith('external.') && isEventType(topic));
}

function notReadable(topic: string): string {
  return `must be topics of events, such as ${[...readableTopics()].join(', ')}, or those of registered types: ${topic}`;
}

function shown(trigger: WorkflowTrigger): Record<string, unknown> {
  return {
    trigger_id: trigger.triggerId,
    kind: trigger.kind,
    status: trigger.enabled ? 'active' : 'paused',
    title: trigger.title,
    workflow_name: trigger.workflowName,
    workflow_version: trigger.workflowVersion,
    topics: trigger.topics,
    filter: trigger.filter,
    input: trigger.input,
    signed: trigger.signingSecret !== null,
    created_at: trigger.createdAt.toISOString(),
    created_by: trigger.createdBy,
  };
}

function shownCounted(trigger: CountedTrigger): object {
  return {
    ...shown(trigger),
    fires: trigger.fires,
    refusals: trigger.refusals,
    last_fire_at: trigger.lastFireAt?.toISOString() ?? null,
    last_run_id: trigger.lastRunId,
    last_error_at: trigger.lastErrorAt?.toISOString() ?? null,
    last_error_code: trigger.lastErrorCode,
    last_error: trigger.lastError,
  };
}
