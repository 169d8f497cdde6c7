import { tenantId } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { Authenticator } from './authenticator.js';
import type { Credential } from './scopes.js';

const token = 'chd_0123456789';

function credential(changes: Partial<Credential> = {}): Credential {
  const limits = { requestsPerMinute: undefined, eventsPerMinute: undefined };
  const tenant = { requestsPerMinute: undefined, eventsPerMinute: undefined, eventsPerDay: undefined };
  const scopes = new Set(['events:read']);
  return {
    keyId: 'k',
    kind: 'api_key',
    tenantId: tenantId('default'),
    scopes,
    limits: { ...limits, tenant },
    expiresAtMs: undefined,
    ...changes,
  };
}

/** A clock that stands, and look-ups that are answered when the spec says so. */
function setUp() {
  let nowMs = 1_000_000;
  const asked: PromiseWithResolvers<Credential | undefined>[] = [];
  const authenticator = new Authenticator(
    () => {
      const question = Promise.withResolvers<Credential | undefined>();
      asked.push(question);
      return question.promise;
    },
    { nowMs: () => nowMs },
  );
  const answer = async (found: Credential | undefined) => {
    asked.at(-1)?.resolve(found);
    await Promise.resolve();
  };
  return { authenticator, asked, answer, pass: (ms: number) => (nowMs += ms) };
}

describe('what is remembered of a key', () => {
  it('is asked once by all that come together', async () => {
    const { authenticator, asked, answer } = setUp();
    const found = Promise.all([authenticator.credentialOf(token), authenticator.credentialOf(token)]);
    await answer(credential());
    expect((await found).map((each) => each?.keyId)).toEqual(['k', 'k']);
    expect(asked).toHaveLength(1);
  });

  it('goes on to be used while it is asked for anew, and no request waits', async () => {
    const { authenticator, asked, answer, pass } = setUp();
    const first = authenticator.credentialOf(token);
    await answer(credential({ keyId: 'old' }));
    await first;
    pass(450);
    expect(authenticator.remembered(token)?.keyId).toBe('old');
    expect(authenticator.remembered(token)?.keyId).toBe('old');
    expect(asked).toHaveLength(2);
    await answer(credential({ keyId: 'new' }));
    expect(authenticator.remembered(token)?.keyId).toBe('new');
  });

  it('is not used a second after it was asked for, however long the new answer takes', async () => {
    const { authenticator, answer, pass } = setUp();
    const first = authenticator.credentialOf(token);
    await answer(credential());
    await first;
    pass(450);
    authenticator.remembered(token);
    pass(500);
    expect(authenticator.remembered(token)).toBeUndefined();
    const late = authenticator.credentialOf(token);
    await answer(undefined);
    expect(await late).toBeUndefined();
  });

  it('ends when the key was revoked meanwhile', async () => {
    const { authenticator, answer, pass } = setUp();
    const first = authenticator.credentialOf(token);
    await answer(credential());
    await first;
    pass(450);
    authenticator.remembered(token);
    await answer(undefined);
    expect(authenticator.remembered(token)).toBeUndefined();
  });

  it('ends when the key expires', async () => {
    const { authenticator, answer, pass } = setUp();
    const first = authenticator.credentialOf(token);
    await answer(credential({ expiresAtMs: 1_000_100 }));
    await first;
    expect(authenticator.remembered(token)).toBeDefined();
    pass(100);
    expect(authenticator.remembered(token)).toBeUndefined();
  });

  it('is forgotten where the look-up failed: the next request asks again', async () => {
    const { authenticator, asked, answer } = setUp();
    const first = authenticator.credentialOf(token);
    asked[0]?.reject(new Error('the database is away'));
    await expect(first).rejects.toThrow('away');
    const second = authenticator.credentialOf(token);
    await answer(credential());
    expect((await second)?.keyId).toBe('k');
  });
});
