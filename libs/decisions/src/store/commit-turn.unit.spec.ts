import { defaultTenant } from '@chorda/kernel';
import { expect, it } from 'vitest';
import { till } from '../test-support/till.js';
import { streamWrites } from './commit-turn.js';

it('keeps no snapshot of a state that cannot be cloned, tells of it, and writes the stream all the same', () => {
  const stream = { kind: 'till', id: 'one' };
  const place = { tenantId: defaultTenant, subject: 'one', stream };
  const unkept: string[] = [];
  const [broken, sound] = streamWrites(
    till,
    [
      { ...place, version: 7n, snapshotAt: 0n, state: { count: () => 7 } },
      { ...place, version: 8n, snapshotAt: 0n, state: { reminders: new Map([['r', 1]]) } },
    ],
    5,
    ({ id }) => unkept.push(id),
  );
  expect(broken).toMatchObject({ version: 7n, snapshotAt: 0n, snapshot: undefined });
  expect(sound).toMatchObject({ snapshotAt: 8n, snapshot: { version: 1 } });
  expect(unkept).toEqual(['one']);
});
