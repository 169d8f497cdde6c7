import { wholeNumber } from '@chorda/platform';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { tokenAlgorithms, type TokenIssuer } from './token-verifier.js';

const httpUrl = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
  error: 'must be an http or https URL',
});

const algorithmList = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(tokenAlgorithms, { error: `must be of ${tokenAlgorithms.join(', ')}` })).min(1));

const perMinute = wholeNumber(0, 1_000_000_000).default(0);

/** Who is let in, and how often. */
export const accessEnv = {
  /** The issuer whose access tokens are taken, as its tokens name it (`iss`). Unset: API keys alone. */
  CHORDA_JWT_ISSUER: z.string().min(1).max(500).optional(),
  /** What its tokens must be meant for (`aud`). */
  CHORDA_JWT_AUDIENCE: z.string().min(1).max(500).optional(),
  /** Where the issuer publishes its keys. */
  CHORDA_JWKS_URL: httpUrl.optional(),
  /** The keys themselves, as JSON; for a file set CHORDA_JWKS_FILE. */
  CHORDA_JWKS: z.string().optional(),
  CHORDA_JWT_ALGORITHMS: algorithmList.default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  /** The claim that names the tenant. */
  CHORDA_JWT_TENANT_CLAIM: z.string().min(1).max(200).default('tenant'),
  /** The claim that lists roles. */
  CHORDA_JWT_ROLES_CLAIM: z.string().min(1).max(200).default('roles'),
  /** Requests of one key or user in any minute, where it has no limit of its own; 0: any number. */
  CHORDA_LIMIT_KEY_REQUESTS_PER_MINUTE: perMinute,
  /** The same for all of a tenant together. */
  CHORDA_LIMIT_TENANT_REQUESTS_PER_MINUTE: perMinute,
  CHORDA_LIMIT_TENANT_EVENTS_PER_MINUTE: perMinute,
  CHORDA_LIMIT_TENANT_EVENTS_PER_DAY: wholeNumber(0, 1_000_000_000_000).default(0),
} as const;

const accessSettings = z.object(accessEnv);
type AccessEnv = z.infer<typeof accessSettings>;

/** @throws TypeError naming the setting that is missing or unreadable. */
export function tokenIssuer(env: AccessEnv): TokenIssuer | undefined {
  const { CHORDA_JWT_ISSUER: issuer, CHORDA_JWT_AUDIENCE: audience } = env;
  const keys = env.CHORDA_JWKS_URL ?? env.CHORDA_JWKS;
  if (issuer === undefined && audience === undefined && keys === undefined) return undefined;
  if (issuer === undefined) throw new TypeError('CHORDA_JWT_ISSUER is needed where tokens are taken');
  if (audience === undefined) throw new TypeError('CHORDA_JWT_AUDIENCE is needed where tokens are taken');
  if (keys === undefined) throw new TypeError('CHORDA_JWKS_URL or CHORDA_JWKS is needed where tokens are taken');
  return {
    issuer,
    audience,
    jwks: env.CHORDA_JWKS_URL === undefined ? parsedKeys(keys) : new URL(env.CHORDA_JWKS_URL),
    algorithms: env.CHORDA_JWT_ALGORITHMS,
    tenantClaim: env.CHORDA_JWT_TENANT_CLAIM,
    rolesClaim: env.CHORDA_JWT_ROLES_CLAIM,
  };
}

function parsedKeys(text: string): JSONWebKeySet {
  try {
    const keys: JSONWebKeySet = JSON.parse(text);
    if (Array.isArray(keys.keys) && keys.keys.length > 0) return keys;
  } catch {
    // Told below, without the text: it may hold a private key by mistake.
  }
  throw new TypeError('CHORDA_JWKS must be a JSON Web Key Set: {"keys": [...]}');
}
