import { createHmac } from 'node:crypto';

const prefix = 'whsec_';
/** Of Standard Webhooks 1.0: 24 to 64 bytes. */
const keyBytes = { min: 24, max: 64 };

/** The key in a secret as Standard Webhooks writes it; undefined where it is none: too short a key protects nothing. */
export function signingKeyOf(secret: string): Buffer | undefined {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length >= keyBytes.min && key.length <= keyBytes.max ? key : undefined;
}

/**
 * The headers of Standard Webhooks 1.0 that let a receiver tell that a request is ours, untouched and not an old one.
 *
 * @param id The same for every try, without a `.`: what is signed is `id.timestamp.body`.
 */
export function signed(
  key: Buffer,
  { id, timeMs, body }: { readonly id: string; readonly timeMs: number; readonly body: string },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(timeMs / 1_000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
