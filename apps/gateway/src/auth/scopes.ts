import { applyDecorators, SetMetadata } from '@nestjs/common';
import type { TenantId } from '@chorda/kernel';
import type { Limits } from '@chorda/read-models';
import { DocumentedScope } from '../reference/documented.js';

/**
 * What a credential may do, within its tenant unless it says otherwise.
 *
 * - `events:write`: send facts. `events:read`: search, read and follow them and the read models.
 * - `agents:work`: offer tools, and do the calls that agents make of them.
 * - `agents:write`: create agents, run them, cancel, settle and remove what they do.
 * - `inference:write`: ask models, and cancel. `inference:read`: what was asked, what became of it, and which models there
 *   are.
 * - `workflows:read`: definitions of workflows. `workflows:write`: store and archive them, start runs and change them.
 * - `events:simulate`: send decisions of the demo, where the gateway allows it. No other scope includes it.
 * - `system:read`: services, topics, schemas, projections, rates. `system:operate`: settle what was set aside of the
 *   tenant: parked events and dead letters.
 * - `admin`: all of these except simulating, and the tenant's keys.
 * - `deployment:operate`: what concerns every tenant: tenants and their limits, rebuilds, external types of others. No
 *   other scope includes it.
 */
export const scopes = [
  'events:write',
  'events:read',
  'agents:write',
  'agents:work',
  'inference:write',
  'inference:read',
  'workflows:read',
  'workflows:write',
  'events:simulate',
  'system:read',
  'system:operate',
  'admin',
  'deployment:operate',
] as const;
export type Scope = (typeof scopes)[number];

/** Usual bundles of scopes. */
export const roles = {
  viewer: ['events:read', 'system:read', 'workflows:read'],
  producer: ['events:write'],
  operator: ['events:read', 'system:read', 'system:operate', 'workflows:read'],
  admin: ['admin'],
} as const satisfies Record<string, readonly Scope[]>;
export type Role = keyof typeof roles;

/** Who sends a request. */
export interface Credential {
  /** Id of the API key, or the subject of the token. */
  readonly keyId: string;
  readonly kind: 'api_key' | 'user';
  readonly tenantId: TenantId;
  readonly scopes: ReadonlySet<string>;
  /** What this key or user may send; undefined: as the settings say. */
  readonly limits: Omit<Limits, 'eventsPerDay'> & { readonly tenant: Limits };
  /** After it the credential is no longer good, whatever was remembered of it. */
  readonly expiresAtMs: number | undefined;
}

const ofNoOther: ReadonlySet<Scope> = new Set(['events:simulate', 'deployment:operate']);

export function allows(credential: Credential, scope: Scope): boolean {
  if (credential.scopes.has(scope)) return true;
  return credential.scopes.has('admin') && !ofNoOther.has(scope);
}

export const accessMetadata = 'chorda:access';
export type Access = 'public' | Scope;

/** Anybody may call it, without a key. */
export const Public = () => SetMetadata(accessMetadata, 'public' satisfies Access);
/** A key with this scope may call it. A handler with neither mark is closed to everybody. */
export const RequireScope = (scope: Scope) =>
  applyDecorators(SetMetadata(accessMetadata, scope satisfies Access), DocumentedScope(scope));
