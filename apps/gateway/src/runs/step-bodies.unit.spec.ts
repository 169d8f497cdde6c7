import { describe, expect, it } from 'vitest';
import { stepBeatBody, stepPollBody, stepResultsBody } from './step-bodies.js';

const lease_token = '0198a1de-3c3f-7cc1-8a3e-6c1f5d7f4c11';

describe('texts that share a statement with those of other tenants', () => {
  const result = { work_id: 'w', lease_token, output: 1 };
  const beat = { lease_token, run_id: 'r', step_id: 's' };

  it.each([
    ['worker', stepPollBody.safeParse({ tools: ['x'], worker: 'a\0' })],
    ['work_id', stepResultsBody.safeParse({ results: [{ ...result, work_id: '\0' }] })],
    ['run_id', stepBeatBody.safeParse({ ...beat, run_id: '\0' })],
    ['step_id', stepBeatBody.safeParse({ ...beat, step_id: '\0' })],
  ])('hold no U+0000: %s', (name, parsed) => {
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues).toMatchObject([{ message: 'must not hold the character U+0000' }]);
    expect(parsed.error?.issues[0]?.path.at(-1)).toBe(name);
  });

  it('are taken otherwise', () => {
    expect(stepResultsBody.safeParse({ results: [result] }).success).toBe(true);
    expect(stepBeatBody.safeParse(beat).success).toBe(true);
  });
});
