import { expect, it } from 'vitest';
import { asPayloadRef, payloadRef } from './payload-ref.js';

const sha256 = 'a'.repeat(64);
const ref = payloadRef(sha256, 70_000);

it('takes for a reference what has its three members, in agreement, and nothing else', () => {
  expect(ref).toEqual({ uri: `/v1/payloads/${sha256}`, length: 70_000, sha256 });
  expect(asPayloadRef({ ...ref })).toEqual(ref);
  const others = [
    undefined,
    null,
    'text',
    [],
    {},
    { ...ref, note: 'of a user' },
    { ...ref, uri: 'https://elsewhere.example/x' },
    { ...ref, length: -1 },
    { ...ref, length: 1.5 },
    { ...ref, length: '70000' },
    { ...ref, sha256: 'A'.repeat(64) },
    { uri: ref.uri, sha256 },
  ];
  for (const other of others) expect(asPayloadRef(other)).toBeUndefined();
});
