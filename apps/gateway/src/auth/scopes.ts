import { SetMetadata } from '@nestjs/common';
import type { TenantId } from '@chorda/kernel';

/** What a key may do. `admin` includes every other one of its tenant, except to simulate decisions. */
export const scopes = ['events:write', 'events:read', 'events:simulate', 'system:read', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Who sends a request. */
export interface Credential {
  readonly keyId: string;
  readonly tenantId: TenantId;
  readonly scopes: ReadonlySet<string>;
}

export function allows(credential: Credential, scope: Scope): boolean {
  if (credential.scopes.has(scope)) return true;
  return scope !== 'events:simulate' && credential.scopes.has('admin');
}

export const accessMetadata = 'chorda:access';
export type Access = 'public' | Scope;

/** Anybody may call it, without a key. */
export const Public = () => SetMetadata(accessMetadata, 'public' satisfies Access);
/** A key with this scope may call it. A handler with neither mark is closed to everybody. */
export const RequireScope = (scope: Scope) => SetMetadata(accessMetadata, scope satisfies Access);
