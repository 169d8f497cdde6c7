import { Controller, Get, HttpCode, Param, Patch, Post, Req } from '@nestjs/common';
import { tenantId } from '@chorda/kernel';
import { TenantRepository, type TenantChange, type TenantRecord } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorOf } from '../audit/actor.js';
import { AuditRelay } from '../audit/audit-relay.js';
import { credentialOf } from '../auth/api-key.guard.js';
import { RequireScope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { limit, nameText } from '../keys/key-body.js';
import { Documented } from '../reference/documented.js';
import { changeTenant, createTenant, listTenants, ownTenant, showTenant } from './tenants.openapi.js';

const changes = {
  disabled: z.boolean().optional(),
  requests_per_minute: limit.nullable().optional(),
  events_per_minute: limit.nullable().optional(),
  events_per_day: z.int().min(1).max(1_000_000_000_000).nullable().optional(),
};
const newTenantBody = z.strictObject({
  tenant_id: z.string().regex(/^[a-z0-9-]{1,63}$/, { error: 'must be 1 to 63 of a-z, 0-9 and -' }),
  name: nameText,
  ...changes,
});
const tenantChangeBody = z.strictObject({ name: nameText.optional(), ...changes });

/** The tenants of the deployment, for who may act for all of them; and one's own, for everybody. */
@Controller('v1')
export class TenantsController {
  constructor(
    private readonly tenants: TenantRepository,
    private readonly audit: AuditRelay,
  ) {}

  @Get('tenant')
  @RequireScope('system:read')
  @Documented(ownTenant)
  async own(@Req() request: FastifyRequest) {
    return shown(found(await this.tenants.find(credentialOf(request).tenantId)));
  }

  @Get('tenants')
  @RequireScope('deployment:operate')
  @Documented(listTenants)
  async list() {
    return { items: (await this.tenants.list()).map(shown) };
  }

  @Get('tenants/:tenant_id')
  @RequireScope('deployment:operate')
  @Documented(showTenant)
  async show(@Param('tenant_id') id: string) {
    return shown(found(await this.tenants.find(id)));
  }

  @Post('tenants')
  @HttpCode(201)
  @RequireScope('deployment:operate')
  @Documented(createTenant)
  async create(@Req() request: FastifyRequest) {
    const { tenant_id: id, name, ...rest } = readJsonBody(request, newTenantBody);
    const tenant = await this.tenants.create(tenantId(id), { ...changeOf(rest), name }, actorOf(request));
    if (tenant === undefined) throw new Problem('ALREADY_EXISTS', `There is a tenant ${id}`);
    this.audit.wake();
    return shown(tenant);
  }

  @Patch('tenants/:tenant_id')
  @RequireScope('deployment:operate')
  @Documented(changeTenant)
  async change(@Req() request: FastifyRequest, @Param('tenant_id') id: string) {
    const wanted = readJsonBody(request, tenantChangeBody);
    if (wanted.disabled === true && id === credentialOf(request).tenantId) {
      throw new Problem('FORBIDDEN', 'A tenant cannot disable itself: nobody could undo it by this credential');
    }
    found(await this.tenants.find(id));
    const tenant = await this.tenants.change(tenantId(id), changeOf(wanted), actorOf(request));
    this.audit.wake();
    return shown(found(tenant));
  }
}

function changeOf(wanted: z.output<typeof tenantChangeBody>): TenantChange {
  return {
    name: wanted.name,
    disabled: wanted.disabled,
    requestsPerMinute: wanted.requests_per_minute,
    eventsPerMinute: wanted.events_per_minute,
    eventsPerDay: wanted.events_per_day,
  };
}

function found(tenant: TenantRecord | undefined): TenantRecord {
  if (tenant === undefined) throw new Problem('NOT_FOUND', 'There is no such tenant');
  return tenant;
}

function shown(tenant: TenantRecord) {
  return {
    tenant_id: tenant.tenantId,
    name: tenant.name,
    created_at: tenant.createdAt.toISOString(),
    disabled_at: tenant.disabledAt?.toISOString() ?? null,
    requests_per_minute: tenant.requestsPerMinute ?? null,
    events_per_minute: tenant.eventsPerMinute ?? null,
    events_per_day: tenant.eventsPerDay ?? null,
  };
}
