import { describe, expect, it } from 'vitest';
import { apiKeyMatches, createApiKey, hashApiKey, parseApiKey, redactApiKey } from './api-key.js';

describe('an API key', () => {
  const key = createApiKey();

  it('has an id, 256 bits and a checksum', () => {
    expect(key.text).toMatch(/^chd_[0-9a-z]{12}_[0-9A-Za-z]{49}$/);
    expect(parseApiKey(key.text)).toEqual({ keyId: key.keyId });
    expect(new Set(Array.from({ length: 1000 }, () => createApiKey().text)).size).toBe(1000);
  });

  it('matches its hash and no other', () => {
    expect(apiKeyMatches(key.text, key.secretHash)).toBe(true);
    expect(apiKeyMatches(createApiKey().text, key.secretHash)).toBe(false);
    expect(apiKeyMatches(key.text, hashApiKey(`${key.text} `))).toBe(false);
    expect(apiKeyMatches(key.text, Buffer.alloc(0))).toBe(false);
  });

  it('with any one character changed is told without asking anybody', () => {
    for (let at = 17; at < key.text.length; at++) {
      const other = key.text[at] === 'a' ? 'b' : 'a';
      expect(parseApiKey(key.text.slice(0, at) + other + key.text.slice(at + 1))).toBeUndefined();
    }
  });

  it.each(['', 'chd_', 'Bearer x', `${key.text}\n`, key.text.toUpperCase()])('is not %j', (text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });

  it('is shown by its id alone', () => {
    expect(redactApiKey(key.text)).toBe(`chd_${key.keyId}_[redacted]`);
    expect(redactApiKey('chd_guess')).toBe('[redacted]');
  });
});
