import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a sender says beside the body, after the Standard Webhooks specification. */
export interface WebhookHeaders {
  readonly id: string | undefined;
  /** Seconds since the Unix epoch. */
  readonly timestamp: string | undefined;
  /** `v1,<base64>`, several with a space between them. */
  readonly signature: string | undefined;
}

/** How far the clock of a sender may be from ours; older messages might be sent by whoever overheard them. */
export const toleranceSeconds = 300;
const idLengthMax = 256;

export function newSigningSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}

/** @returns Why it is not taken, in words; undefined: the secret's owner sent it, now. */
export function signatureFault(
  secret: string,
  body: Buffer,
  { id, timestamp, signature }: WebhookHeaders,
  nowMs: number,
): string | undefined {
  if (id === undefined || id === '' || id.length > idLengthMax) return 'the header webhook-id must name the message';
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) {
    return 'the header webhook-timestamp must be seconds since 1970';
  }
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > toleranceSeconds) {
    return `the header webhook-timestamp must be within ${toleranceSeconds} s of now`;
  }
  const expected = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest();
  const said = (signature ?? '').split(' ').slice(0, 10);
  const holds = said.some((one) => {
    const [version, text = ''] = one.split(',', 2);
    const bytes = Buffer.from(text, 'base64');
    return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
  return holds ? undefined : 'the header webhook-signature does not hold for this body';
}
