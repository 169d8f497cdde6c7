import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newSigningSecret, signatureFault } from './standard-webhooks.js';

// The example of the specification's libraries.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = Buffer.from('{"test": 2432232314}');
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestamp = '1614265330';
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const nowMs = 1_614_265_330_000;

describe('the signature of a webhook', () => {
  it('is that of other libraries', () => {
    expect(signatureFault(secret, body, { id, timestamp, signature }, nowMs)).toBeUndefined();
    const among = `v1a,abc v1,AAAA ${signature}`;
    expect(signatureFault(secret, body, { id, timestamp, signature: among }, nowMs)).toBeUndefined();
  });

  it.each([
    ['another body', { id, timestamp, signature }, Buffer.from('{}'), nowMs],
    ['another id', { id: 'msg_2', timestamp, signature }, body, nowMs],
    ['no id', { id: undefined, timestamp, signature }, body, nowMs],
    ['a time that is over', { id, timestamp, signature }, body, nowMs + 301_000],
    ['a time to come', { id, timestamp, signature }, body, nowMs - 301_000],
    ['a time that is none', { id, timestamp: 'now', signature }, body, nowMs],
    ['no signature', { id, timestamp, signature: undefined }, body, nowMs],
    ['another version', { id, timestamp, signature: signature.replace('v1,', 'v2,') }, body, nowMs],
  ])('is refused with %s', (_what, headers, said, now) => {
    expect(signatureFault(secret, said, headers, now)).toMatch(/header webhook-/);
  });

  it('holds for a new secret', () => {
    const own = newSigningSecret();
    const key = Buffer.from(own.slice('whsec_'.length), 'base64');
    expect(key).toHaveLength(24);
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    expect(signatureFault(own, body, { id, timestamp, signature: `v1,${mac}` }, nowMs)).toBeUndefined();
  });
});
