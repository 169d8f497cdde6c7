import { describe, expect, it } from 'vitest';
import { secretSchema } from './secrets.js';
import { signed, signingKeyOf } from './standard-webhooks.js';

describe('a request that is signed', () => {
  it('carries what the libraries of Standard Webhooks check', () => {
    // The example that the libraries of the specification hold themselves against.
    const key = signingKeyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timeMs: 1_614_265_330_999, body: '{"test": 2432232314}' };
    expect(key && signed(key, message)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it.each([
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_',
    'whsec_c2hvcnQ=',
    'whsec_not base64!',
    `whsec_${'A'.repeat(100)}`,
  ])('cannot be with %s', (value) => {
    expect(signingKeyOf(value)).toBeUndefined();
    const read = secretSchema.safeParse({ value, scheme: 'signing', hosts: ['a.test'] });
    expect(read.success).toBe(false);
  });
});
