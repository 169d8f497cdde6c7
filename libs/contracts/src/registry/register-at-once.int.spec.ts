import { describe, expect, inject, it } from 'vitest';
import { registerSchemas } from './register-schemas.js';

/** Two starts on one registry, as when several people bring up a deployment: neither may fail for the other. */
describe('schemas registered by several commands at once', () => {
  it('end up registered, with the same ids for all', { timeout: 120_000 }, async () => {
    const options = { registryUrl: inject('stack').registryUrl, topicPrefix: `atonce${Date.now()}.` };
    const all = await Promise.all([1, 2, 3].map(() => registerSchemas(options)));
    const ids = all.map((registrations) => registrations.map(({ subject, id }) => `${subject} ${id}`));
    expect(ids[1]).toEqual(ids[0]);
    expect(ids[2]).toEqual(ids[0]);
  });
});
