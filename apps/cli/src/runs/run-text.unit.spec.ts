import { PassThrough } from 'node:stream';
import type { Answers } from '@chorda/client';
import { describe, expect, it } from 'vitest';
import { Output } from '../command-line/output.js';
import { exitCodeOf, followRun } from './follow-run.js';
import { itemText, planText, reportText, spanText } from './run-text.js';

const streams = () => ({ stdout: new PassThrough(), stderr: new PassThrough() });
const outputTo = (to: ReturnType<typeof streams>) => new Output({ json: false, quiet: false, colour: false, ...to });
const output = outputTo(streams());

const step = (id: string, status: string, more: object = {}) => ({
  id,
  name: id,
  type: 'tool',
  needs: [],
  status,
  step_id: status === 'pending' ? null : id,
  attempt: status === 'pending' ? null : 1,
  scheduled_at_ms: status === 'pending' ? null : 1_000,
  ended_at_ms: status === 'completed' ? 1_340 : null,
  retry_at_ms: null,
  items: null,
  ...more,
});

const plan: Answers.RunPlan = {
  workflow_id: 'run-1',
  status: 'running',
  version: '7',
  kind: 'graph',
  current_state: null,
  phases: [
    { phase: 1, steps: [step('reserve', 'completed'), step('check', 'skipped', { scheduled_at_ms: 0 })] },
    { phase: 2, steps: [step('approve', 'scheduled', { type: 'human', needs: ['reserve', 'check'] })] },
    {
      phase: 3,
      steps: [
        step('pay', 'retrying', { attempt: 2, retry_at_ms: 66_000 }),
        step('each', 'scheduled', { type: 'map', items: { total: 10, running: 2, completed: 3, failed: 1 } }),
        step('ship', 'pending', { needs: ['approve'] }),
      ],
    },
  ],
};

describe('the plan of a run', () => {
  it('is a table of phases for people', () => {
    expect(planText(output, plan, 61_000)).toBe(
      [
        'Run run-1 is running',
        'PHASE  STEP       DOES   IS                    TIME     NEEDS',
        '1      ✓ reserve  tool   completed             340 ms',
        '       - check    tool   skipped',
        '2      … approve  human  waits for a person    for 1 m  reserve, check',
        '3      ↻ pay      tool   tried again in 5.0 s  for 1 m',
        '       … each     map    scheduled 4 of 10     for 1 m',
        '       · ship     tool   pending                        approve',
      ].join('\n'),
    );
  });

  it('of a state machine shows where it is', () => {
    const machine: Answers.RunPlan = {
      ...plan,
      kind: 'machine',
      current_state: 'REVIEW',
      phases: [{ steps: [step('REVIEW', 'incident')] }],
    };
    expect(planText(output, machine, 1_000)).toMatch(/→ {2}! REVIEW {2}tool {2}waits for your decision/);
  });
});

describe('the report of a run', () => {
  const report: Answers.RunReport = {
    workflow_id: 'run-1',
    version: '9',
    status: 'failed',
    output: null,
    results: { reserve: { id: 'r-1' } },
    success: { steps: 3, completed: 1, failed: 1, skipped: 1, cancelled: 0, under_way: 0, retried: 1 },
    errors: [{ step_id: 'ship', attempts: 3, error: { class: 'tool', code: 'NO_CARRIER', message: 'no carrier' } }],
    incidents: [],
    ending: { reason: 'ship failed', error_code: 'NO_CARRIER', failed_step_id: 'ship' },
  };

  it('says how it went, what went wrong, and what came of each step', () => {
    expect(reportText(output, report)).toBe(
      [
        'Run run-1 is failed: ship failed',
        '1 of 3 steps completed, 1 failed, 1 skipped, 1 retried',
        '',
        'Errors',
        '  ✗ ship (3 tries): NO_CARRIER (tool): no carrier',
        '',
        'Results',
        '  STEP     CAME TO',
        '  reserve  {"id":"r-1"}',
      ].join('\n'),
    );
  });

  it('says what models cost, where any were asked', () => {
    const usage = { attempts: 2, prompt_tokens: 640, completion_tokens: 210, cost_usd: '0.0042', models: [] };
    expect(reportText(output, { ...report, usage })).toContain('Models\n  2 calls, 640 tokens in, 210 out, 0.0042 USD');
    for (const none of [null, { ...usage, attempts: 0 }]) {
      expect(reportText(output, { ...report, usage: none })).not.toContain('Models');
    }
  });

  it('says what to do about an incident', () => {
    const text = reportText(output, { ...report, status: 'paused', incidents: ['ship'], ending: null, output: 'done' });
    expect(text).toContain("  chorda runs retry run-1 --step 'ship'");
    expect(text).toContain('Output\n  done');
  });
});

it('shows one row with its payloads at the end', () => {
  expect(itemText({ workflow_id: 'r', output_data: { a: 1 }, reason: null, steps: 3 })).toBe(
    ['workflow_id  r', 'steps        3', '', 'output_data', '  {"a":1}'].join('\n'),
  );
});

it.each([
  [340, '340 ms'],
  [1_240, '1.2 s'],
  [200_000, '3 m 20 s'],
  [3_600_000, '1 h'],
  [187_200_000, '2 d 4 h'],
])('writes %i ms as %s', (ms, text) => {
  expect(spanText(ms)).toBe(text);
});

describe('following a run', () => {
  const follow = (plans: readonly Answers.RunPlan[], untilMs = Date.now() + 10_000) => {
    const to = streams();
    let looks = 0;
    const answer = () => Promise.resolve(plans[Math.min(looks++, plans.length - 1)] ?? plan);
    const client = { runs: { plan: answer } } as object as Parameters<typeof followRun>[1];
    const signal = new AbortController().signal;
    const end = followRun({ output: outputTo(to), signal }, client, 'run-1', { untilMs });
    return {
      end,
      lines: () =>
        String(to.stderr.read() ?? '')
          .split('\n')
          .filter(Boolean),
    };
  };
  const at = (status: string, ...steps: readonly object[]): Answers.RunPlan => ({
    ...plan,
    status,
    phases: [{ steps }],
  });

  it('prints a line for each step that changes, and no line twice', async () => {
    const { end, lines } = follow([
      at('running', step('a', 'scheduled'), step('b', 'pending')),
      at('running', step('a', 'scheduled'), step('b', 'pending')),
      at('completed', step('a', 'completed'), step('b', 'skipped')),
    ]);
    expect(exitCodeOf(await end)).toBe(0);
    expect(lines()).toEqual(['  … a  tool  waits for a worker', '  ✓ a  tool  completed', '  - b  tool  skipped']);
  });

  it('ends where a person has to decide, and says so by its exit code', async () => {
    const { end } = follow([at('paused', step('a', 'incident'))]);
    expect(exitCodeOf(await end)).toBe(1);
  });

  it('gives up in time and says how to go on', async () => {
    await expect(follow([at('running')], 0).end).rejects.toMatchObject({
      exitCode: 5,
      next: 'It goes on: `chorda runs plan run-1 --follow` follows it further.',
    });
  });
});
