import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { isPlanted } from '@chorda/platform';
import { roles, scopes, type Role, type Scope } from './scopes.js';

/** Signatures that need no shared secret. What is not here is refused, whatever a token's header says (RFC 8725). */
export const tokenAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Where its public keys are, or the keys themselves. */
  readonly jwks: URL | JSONWebKeySet;
  readonly algorithms: readonly TokenAlgorithm[];
  /** The claim with the tenant's id. */
  readonly tenantClaim: string;
  /** The claim with roles: a list, or a text with spaces. */
  readonly rolesClaim: string;
}

/** What a token says of its bearer, once its signature, issuer, audience and times have been found right. */
export interface VerifiedToken {
  readonly subject: string;
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  readonly expiresAtMs: number;
}

/** Clocks of two machines may differ by so much. */
const clockToleranceS = 30;
const tenantPattern = /^[a-z0-9-]{1,63}$/;
const subjectCharactersMax = 200;

/**
 * Checks access tokens of one issuer.
 *
 * Keys are fetched once for all who wait, kept for ten minutes, and fetched again for a key id that is not known, at
 * most every 30 s: a flood of invented key ids costs the issuer nothing. Headers that would bring a key along (`jwk`,
 * `jku`, `x5u`) are never followed.
 */
export class TokenVerifier {
  private readonly keys: JWTVerifyGetKey;

  constructor(private readonly trusted: TokenIssuer) {
    this.keys =
      trusted.jwks instanceof URL
        ? createRemoteJWKSet(trusted.jwks, { cooldownDuration: 30_000, cacheMaxAge: 600_000, timeoutDuration: 5_000 })
        : createLocalJWKSet(trusted.jwks);
  }

  /**
   * @returns Undefined for a token that is not to be taken, for whatever reason.
   * @throws when the issuer's keys cannot be had: that says nothing about the token.
   */
  async verify(token: string): Promise<VerifiedToken | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: this.trusted.issuer,
        ...(isPlanted('no-token-audience') ? {} : { audience: this.trusted.audience }),
        algorithms: [...this.trusted.algorithms],
        clockTolerance: clockToleranceS,
        requiredClaims: ['exp', 'sub'],
      });
      return this.bearerOf(payload);
    } catch (error) {
      if (isTokenAtFault(error)) return undefined;
      throw error;
    }
  }

  private bearerOf(payload: JWTPayload): VerifiedToken | undefined {
    const { sub, exp } = payload;
    const tenant = payload[this.trusted.tenantClaim];
    if (sub === undefined || sub === '' || sub.length > subjectCharactersMax || exp === undefined) return undefined;
    if (typeof tenant !== 'string' || !tenantPattern.test(tenant)) return undefined;
    const granted = new Set([
      ...words(payload[this.trusted.rolesClaim]).filter(isRole).flatMap(scopesOfRole),
      ...words(payload['scope']).filter(isScope),
    ]);
    return { subject: sub, tenantId: tenant, scopes: [...granted], expiresAtMs: exp * 1_000 };
  }
}

/** Of jose's errors only these speak of our connection to the issuer and not of the token. */
function isTokenAtFault(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  // A failed fetch of the keys is a bare JOSEError ("Expected 200 OK") or an error of fetch itself.
  return error instanceof errors.JOSEError && error.code !== errors.JOSEError.code;
}

function words(claim: unknown): readonly string[] {
  const list = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return list.filter((word): word is string => typeof word === 'string').slice(0, 100);
}

function isRole(word: string): word is Role {
  return Object.hasOwn(roles, word);
}

function scopesOfRole(role: Role): readonly Scope[] {
  return roles[role];
}

function isScope(word: string): word is Scope {
  return scopes.some((scope) => scope === word);
}
