import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { derivedId, newId, type JsonValue } from '@chorda/kernel';
import {
  TenantRepository,
  TriggerRepository,
  WorkflowDefinitionRepository,
  type WorkflowTrigger,
} from '@chorda/read-models';
import { expressions, pinSubWorkflows } from '@chorda/workflows';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../auth/scopes.js';
import { parseExactJson } from '../http/exact-json.js';
import { Problem } from '../http/problem.js';
import { readIdempotencyKey } from '../ingest/idempotency-key.js';
import { RateLimits } from '../limits/rate-limits.js';
import { Documented } from '../reference/documented.js';
import { RunCommands } from '../runs/run-commands.js';
import { signatureFault } from './standard-webhooks.js';
import { hashOfToken } from './triggers.controller.js';
import { fireHook } from './triggers.openapi.js';

/** Who knows the address may start runs of one workflow, and nothing else. */
@Controller('v1/hooks')
export class HooksController {
  constructor(
    private readonly triggers: TriggerRepository,
    private readonly definitions: WorkflowDefinitionRepository,
    private readonly commands: RunCommands,
    private readonly limits: RateLimits,
    private readonly tenants: TenantRepository,
  ) {}

  @Post(':token')
  @HttpCode(201)
  @Public()
  @Documented(fireHook)
  async fire(@Param('token') token: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const trigger = await this.find(token);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    requireSignature(trigger, body, request);
    await this.admit(trigger, request, reply);
    const input = inputOf(trigger, body, request);
    if (input === undefined) {
      await reply.code(200).send({ status: 'passed', reason: 'The filter of the trigger said no' });
      return;
    }
    const found = await this.definition(trigger);
    const key = keyOf(request);
    const { tenantId, triggerId, workflowName } = trigger;
    const run = key === undefined ? newId() : derivedId(tenantId, 'trigger', triggerId, key);
    const data = () => ({
      workflow_id: run,
      workflow_name: workflowName,
      definition_hash: found.hash,
      definition: JSON.parse(found.form) as unknown,
      input_data: input,
      start_key: run,
    });
    const shown = () => ({ status: 201, location: `/v1/runs/${run}` }) as const;
    const wish = { type: 'workflow.start', operation: 'POST /v1/hooks/{token}', data, shown } as const;
    await this.commands.answer(wish, request, reply);
    await this.triggers.came(tenantId, triggerId, { runId: run });
  }

  /** The same words for an address that never was and one that is no more. */
  private async find(token: string): Promise<WorkflowTrigger> {
    const found = /^trg_[A-Za-z0-9_-]{32}$/.test(token) ? await this.triggers.byToken(hashOfToken(token)) : undefined;
    if (found === undefined) throw new Problem('NOT_FOUND', 'There is no such address');
    if (!found.enabled) throw new Problem('NOT_IN_THIS_STATE', 'The trigger is paused');
    return found;
  }

  /** It counts as a sender of its own, with the limits of its tenant. */
  private async admit(trigger: WorkflowTrigger, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const tenant = await this.tenants.find(trigger.tenantId);
    if (tenant === undefined) throw new Problem('NOT_FOUND', 'There is no such address');
    request.credential = {
      keyId: `trigger:${trigger.triggerId}`,
      kind: 'api_key',
      tenantId: trigger.tenantId,
      scopes: new Set(),
      limits: { requestsPerMinute: undefined, eventsPerMinute: undefined, tenant },
      expiresAtMs: undefined,
    };
    const headers = await this.limits.admitRequest(request.credential);
    if (headers !== undefined) void reply.headers(headers);
  }

  private async definition({ tenantId, workflowName: name, workflowVersion: version }: WorkflowTrigger) {
    const found = await this.definitions.find(tenantId, name, version ?? undefined);
    if (found && found.archivedAt === null) {
      const newest = (names: readonly string[]) => this.definitions.newestVersions(tenantId, names);
      return { hash: found.hash, form: await pinSubWorkflows(found.form, newest) };
    }
    throw new Problem('NOT_IN_THIS_STATE', `There is no workflow ${name} any more that runs could be started of`);
  }
}

/** @throws Problem `UNAUTHENTICATED` */
function requireSignature({ signingSecret }: WorkflowTrigger, body: Buffer, { headers }: FastifyRequest): void {
  if (signingSecret === null) return;
  const said = {
    id: only(headers['webhook-id']),
    timestamp: only(headers['webhook-timestamp']),
    signature: only(headers['webhook-signature']),
  };
  const fault = signatureFault(signingSecret, body, said, Date.now());
  if (fault !== undefined) throw new Problem('UNAUTHENTICATED', `The message is not signed: ${fault}`);
}

/** The sender's id of the message, or of the request: one run for each. */
function keyOf({ headers }: FastifyRequest): string | undefined {
  return readIdempotencyKey(only(headers['idempotency-key'])) ?? only(headers['webhook-id'])?.slice(0, 256);
}

function only(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

/** Undefined: the filter says no. */
function inputOf({ filter, input }: WorkflowTrigger, body: Buffer, request: FastifyRequest): JsonValue | undefined {
  const value = body.length === 0 ? null : (parseExactJson(body) as JsonValue);
  if (filter === null && input === null) return value;
  const scope = { body: value, query: queryOf(request) };
  try {
    const passes = filter === null ? true : expressions.evaluate({ language: 'cel', text: filter }, scope);
    if (passes === false) return undefined;
    if (passes !== true) throw new TypeError('the filter is neither true nor false');
    return input === null ? value : expressions.evaluate({ language: 'cel', text: input }, scope);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem('INVALID_COMMAND', `The trigger cannot make anything of this: ${why}`.slice(0, 2_000));
  }
}

function queryOf({ query }: FastifyRequest): JsonValue {
  const entries = typeof query === 'object' && query !== null ? Object.entries(query) : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
