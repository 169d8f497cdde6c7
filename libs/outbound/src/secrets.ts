import type { TenantId } from '@chorda/kernel';
import { z } from 'zod';
import { OutboundRefusedError } from './outbound-errors.js';
import { signingKeyOf } from './standard-webhooks.js';
import { matchesHost } from './url-rules.js';

/** How a secret goes into a request, and where to: whoever may name it must not be able to send it elsewhere. */
export const secretSchema = z
  .strictObject({
    value: z.string().min(1).max(16_384),
    /**
     * `basic` takes `user:password`; `header` puts the value into `header` as it is; `signing` is never sent: it is the
     * key of Standard Webhooks, `whsec_` and base64.
     */
    scheme: z.enum(['bearer', 'basic', 'header', 'signing']).default('bearer'),
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,100}$/)
      .optional(),
    /** Hosts that it is sent to, `*.example.com` for all names below one. */
    hosts: z.array(z.string().min(1).toLowerCase()).min(1),
    tenants: z.array(z.string()).min(1).default(['default']),
    /** Sent over plain HTTP too. */
    plain_http: z.boolean().default(false),
  })
  .refine(({ scheme, header }) => (scheme === 'header') === (header !== undefined), {
    error: 'header is needed with scheme header, and with no other',
  })
  .refine(({ scheme, value }) => scheme !== 'signing' || signingKeyOf(value) !== undefined, {
    error: 'value of scheme signing must be whsec_ and 24 to 64 bytes in base64',
  });

export type Secret = z.infer<typeof secretSchema>;
export type Secrets = Readonly<Record<string, Secret>>;

/** @throws OutboundRefusedError where the tenant has no such secret; whether another has one is not told. */
export function secretOf(secrets: Secrets, name: string, tenantId: TenantId): Secret {
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (secret?.tenants.includes(tenantId)) return secret;
  throw new OutboundRefusedError('SECRET_UNKNOWN', `there is no secret named ${name}`);
}

/** @throws OutboundRefusedError where the secret is not meant for this URL. */
export function checkSecretTarget(secret: Secret, name: string, url: URL): void {
  if (!matchesHost(url.hostname, secret.hosts)) {
    throw new OutboundRefusedError('SECRET_NOT_FOR_HOST', `the secret ${name} is not meant for ${url.hostname}`);
  }
  if (url.protocol !== 'https:' && !secret.plain_http) {
    throw new OutboundRefusedError('SECRET_NEEDS_TLS', `the secret ${name} is sent over https: alone`);
  }
}

/** @throws OutboundRefusedError of a secret that signs and is never sent. */
export function headerOf(secret: Secret): readonly [string, string] {
  if (secret.scheme === 'signing') throw new OutboundRefusedError('SECRET_SIGNS', 'this secret signs and is not sent');
  if (secret.scheme === 'header') return [secret.header ?? 'authorization', secret.value];
  if (secret.scheme === 'basic') return ['authorization', `Basic ${base64(secret.value)}`];
  return ['authorization', `Bearer ${secret.value}`];
}

/** Servers that echo a request would otherwise write the secret into the history of the execution. */
export function withoutSecret(bytes: Buffer, secret: Secret | undefined, name: string): Buffer {
  if (secret === undefined) return bytes;
  // Latin-1 gives each byte a character of its own, so that a body that is no text stays what it is.
  const value = Buffer.from(secret.value, 'utf8').toString('latin1');
  const hidden = `[secret ${name}]`;
  const text = bytes.toString('latin1').replaceAll(value, hidden).replaceAll(base64(secret.value), hidden);
  return Buffer.from(text, 'latin1');
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
