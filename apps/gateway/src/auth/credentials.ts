import { tenantId, type Clock } from '@chorda/kernel';
import { apiKeyMatches, isPlanted, parseApiKey } from '@chorda/platform';
import type { ApiKeyRepository, TenantRecord, TenantRepository } from '@chorda/read-models';
import type { KeyLookup } from './authenticator.js';
import type { Credential } from './scopes.js';
import type { TokenVerifier } from './token-verifier.js';

export interface CredentialParts {
  readonly keys: Pick<ApiKeyRepository, 'find'>;
  readonly tenants: Pick<TenantRepository, 'find'>;
  /** Undefined: no issuer of tokens is trusted. */
  readonly tokens: TokenVerifier | undefined;
  readonly clock: Clock;
}

/** Whose an API key is, or a token of the issuer that is trusted. Those of a disabled tenant are nobody's. */
export function credentialLookup(parts: CredentialParts): KeyLookup {
  return (token) => (token.startsWith('chd_') ? ofKey(token, parts) : ofToken(token, parts));
}

/** The visible part finds the key; its secret, expiry and revocation are then asked of what was found. */
async function ofKey(token: string, { keys, clock }: CredentialParts): Promise<Credential | undefined> {
  const parsed = parseApiKey(token);
  const stored = parsed && (await keys.find(parsed.keyId));
  if (stored === undefined || !apiKeyMatches(token, stored.secretHash)) return undefined;
  const isRevoked = stored.revokedAt !== undefined && !isPlanted('no-revocation');
  if (isRevoked || stored.tenant.disabledAt !== undefined) return undefined;
  const expiresAtMs = stored.expiresAt?.getTime();
  if (expiresAtMs !== undefined && expiresAtMs <= clock.nowMs()) return undefined;
  const { requestsPerMinute, eventsPerMinute } = stored;
  return {
    keyId: stored.keyId,
    kind: 'api_key',
    tenantId: stored.tenantId,
    scopes: new Set(stored.scopes),
    limits: { requestsPerMinute, eventsPerMinute, tenant: stored.tenant },
    expiresAtMs,
  };
}

/** A tenant that nobody made here is none, whatever the issuer says. */
async function ofToken(token: string, { tokens, tenants }: CredentialParts): Promise<Credential | undefined> {
  const verified = await tokens?.verify(token);
  if (verified === undefined) return undefined;
  const tenant: TenantRecord | undefined = await tenants.find(verified.tenantId);
  if (tenant === undefined || tenant.disabledAt !== undefined) return undefined;
  return {
    keyId: verified.subject,
    kind: 'user',
    tenantId: tenantId(verified.tenantId),
    scopes: new Set(verified.scopes),
    limits: { requestsPerMinute: undefined, eventsPerMinute: undefined, tenant },
    expiresAtMs: verified.expiresAtMs,
  };
}
