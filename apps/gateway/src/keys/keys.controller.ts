import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { systemClock, tenantId, type TenantId } from '@chorda/kernel';
import { createApiKey } from '@chorda/platform';
import { ApiKeyRepository, TenantRepository, type ApiKeyRecord } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '../audit/actor.js';
import { AuditRelay } from '../audit/audit-relay.js';
import { credentialOf } from '../auth/api-key.guard.js';
import { allows, RequireScope, roles, type Credential, type Scope } from '../auth/scopes.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { newKeyBody, type NewKeyBody } from './key-body.js';
import { createKey, listKeys, revokeKey, showKey } from './keys.openapi.js';

/** API keys of the caller's tenant; who may act for the deployment names another by `tenant_id`. */
@Controller('v1/keys')
export class KeysController {
  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly tenants: TenantRepository,
    private readonly audit: AuditRelay,
  ) {}

  @Post()
  @HttpCode(201)
  @RequireScope('admin')
  @Documented(createKey)
  async create(@Req() request: FastifyRequest) {
    const credential = credentialOf(request);
    const wanted = readJsonBody(request, newKeyBody);
    const tenant = await this.tenantFor(credential, wanted);
    const scopes = scopesOf(wanted);
    refuseMoreThanOwn(credential, scopes);
    const { keyId, text, secretHash } = createApiKey();
    const expiresAt = expiryOf(wanted);
    await this.keys.issue(
      {
        tenantId: tenant,
        keyId,
        name: wanted.name,
        secretHash,
        scopes,
        expiresAt,
        requestsPerMinute: wanted.requests_per_minute,
        eventsPerMinute: wanted.events_per_minute,
      },
      actorOf(request),
    );
    this.audit.wake();
    const stored = (await this.keys.list(tenant)).find((key) => key.keyId === keyId);
    if (stored === undefined) throw new TypeError('A key that was just stored is not listed');
    return { ...shown(stored), key: text };
  }

  @Get()
  @RequireScope('admin')
  @Documented(listKeys)
  async list(@Req() request: FastifyRequest) {
    const keys = await this.keys.list(credentialOf(request).tenantId);
    return { items: keys.map(shown) };
  }

  @Get(':key_id')
  @RequireScope('admin')
  @Documented(showKey)
  async show(@Req() request: FastifyRequest, @Param('key_id') keyId: string) {
    const key = (await this.keys.list(credentialOf(request).tenantId)).find((each) => each.keyId === keyId);
    if (key === undefined) throw noSuchKey();
    return shown(key);
  }

  @Delete(':key_id')
  @HttpCode(204)
  @RequireScope('admin')
  @Documented(revokeKey)
  async revoke(@Req() request: FastifyRequest, @Param('key_id') keyId: string): Promise<void> {
    const { tenantId: tenant } = credentialOf(request);
    if (!(await this.keys.revoke(tenant, keyId, actorOf(request)))) {
      // What is revoked stays revoked: the same request again has the same effect.
      const known = (await this.keys.list(tenant)).some((key) => key.keyId === keyId);
      if (!known) throw noSuchKey();
    }
    this.audit.wake();
  }

  private async tenantFor(credential: Credential, wanted: NewKeyBody): Promise<TenantId> {
    const { tenant_id: named } = wanted;
    if (named === undefined || named === credential.tenantId) return credential.tenantId;
    if (!allows(credential, 'deployment:operate')) {
      throw new Problem('TENANT_MISMATCH', 'A key of another tenant needs the scope deployment:operate');
    }
    if ((await this.tenants.find(named)) === undefined) {
      throw new Problem('NOT_FOUND', `There is no tenant ${named}: make it first, by POST /v1/tenants`);
    }
    return tenantId(named);
  }
}

function scopesOf({ role, scopes = [] }: NewKeyBody): readonly Scope[] {
  return [...new Set<Scope>([...(role === undefined ? [] : roles[role]), ...scopes])];
}

/** Nobody hands out what they do not have. */
function refuseMoreThanOwn(credential: Credential, wanted: readonly Scope[]): void {
  const missing = wanted.filter((scope) => !allows(credential, scope));
  if (missing.length === 0) return;
  const issues = [{ pointer: '/scopes', detail: `you do not have ${missing.join(', ')} yourself` }];
  throw new Problem('FORBIDDEN', `A key cannot give what it does not have: ${missing.join(', ')}`, { issues });
}

function expiryOf({ expires_at: at, expires_in_days: days }: NewKeyBody): Date | undefined {
  if (at !== undefined) return new Date(at);
  return days === undefined ? undefined : new Date(systemClock.nowMs() + days * 86_400_000);
}

function noSuchKey(): Problem {
  return new Problem('NOT_FOUND', 'Your tenant has no such key');
}

function shown(key: ApiKeyRecord) {
  return {
    key_id: key.keyId,
    tenant_id: key.tenantId,
    name: key.name,
    scopes: key.scopes,
    state: stateOf(key),
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy ?? null,
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    requests_per_minute: key.requestsPerMinute ?? null,
    events_per_minute: key.eventsPerMinute ?? null,
  };
}

function stateOf({ revokedAt, expiresAt }: ApiKeyRecord): 'valid' | 'revoked' | 'expired' {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt.getTime() <= systemClock.nowMs() ? 'expired' : 'valid';
}
