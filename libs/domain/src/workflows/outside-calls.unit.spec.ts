import { jsonText, stepId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { testedRules } from '../testing/tested-workflow-rules.js';
import { expr, formWith, retryRule, sequence, step, val } from '../testing/workflow-forms.js';
import type { LlmStep, WebhookStep } from './form.js';
import { WorkflowRunner } from './workflow-runner.js';

const isText = (_schema: JsonValue, value: JsonValue) => (typeof value === 'string' ? [] : ['/ must be string']);
const ports = { expressions, schemaIssues: isText };
const runner = (...steps: Parameters<typeof sequence>[0]) =>
  new WorkflowRunner(formWith(sequence(steps)), ports, { rules: testedRules(ports) });

const webhook = (more: Partial<WebhookStep> = {}): WebhookStep => ({
  ...{ kind: 'webhook', method: 'POST', url: val('https://shop.test/'), headers: null, query: null },
  ...{ expect_status: [[200, 299]], output_as: 'body', idempotent: true },
  ...more,
});
const llm: LlmStep = {
  ...{ kind: 'llm', model: null, instructions: null, tokens_max: null, temperature: null },
  answer_schema: { type: 'string' },
};

/** As an executor says that nobody knows what became of a call. */
function loseWith(run: WorkflowRunner, id: string, error: JsonValue): void {
  run.give({
    type: 'workflow.record_step_result',
    data: {
      ...{ workflow_id: run.runId, step_id: stepId(id), attempt: 1 },
      attempt_token: run.request(id).attempt_token,
      ...{ status: 'lost', output_data: null, error: jsonText(error), duration_ms: 1, worker: null, started_at: null },
    },
  });
}
const noAnswer = { class: 'timeout', code: 'NO_ANSWER', message: 'There was no answer within 9 ms', retriable: true };

describe('a call of another system', () => {
  it('is made again no sooner than was asked for, and within an hour whatever was asked for', () => {
    const run = runner(step('ship', webhook(), { retry: [retryRule(9, 1_000)] }));
    run.start();
    const busy = (retry_after_ms: number) =>
      run.fail('ship', { class: 'http', code: 'HTTP_429', status: 429, details: { retry_after_ms } });
    busy(30_000);
    run.pass(29_000);
    expect(run.requests).toHaveLength(0);
    run.pass(1_000);
    expect(run.request('ship').attempt).toBe(2);
    busy(365 * 86_400_000);
    run.pass(3_600_000);
    expect(run.request('ship').attempt).toBe(3);
    // A pause of its own that is longer stays.
    busy(1);
    run.pass(3_000);
    expect(run.requests).toHaveLength(0);
    run.pass(1_000);
    expect(run.request('ship').attempt).toBe(4);
  });

  it('of which nobody knows what became is made again by its rules where it is idempotent, with the reason kept', () => {
    const run = runner(step('ship', webhook(), { retry: [retryRule(2)] }));
    run.start();
    loseWith(run, 'ship', noAnswer);
    expect(run.step('ship').error).toMatchObject({ class: 'timeout', code: 'NO_ANSWER' });
    run.pass(1_000);
    run.complete('ship', { parcel: 'P-1' });
    expect(run.status).toBe('completed');
  });

  it('of which nobody knows what became waits for a person where twice is once too often', () => {
    const run = runner(step('charge', webhook({ idempotent: false }), { retry: [retryRule(5)] }));
    run.start();
    loseWith(run, 'charge', noAnswer);
    expect([run.status, run.step('charge').error]).toMatchObject([
      'paused',
      { code: 'OUTCOME_UNKNOWN', message: 'There was no answer within 9 ms' },
    ]);
    run.pass(86_400_000);
    expect(run.step('charge').attempt).toBe(1);
  });

  it('names the operation of an OpenAPI document with the values of its parameters', () => {
    const openapi = {
      ...{ document: val('https://shop.test/openapi.json'), headers: null, operation: 'ship' },
      parameters: expr('{"order": input}'),
    };
    const run = runner(step('ship', webhook({ method: null, url: null, openapi })));
    run.start(7);
    expect(JSON.parse(run.request('ship').settings)).toMatchObject({
      ...{ method: null, url: null },
      openapi: {
        document: 'https://shop.test/openapi.json',
        headers: null,
        operation: 'ship',
        parameters: { order: 7 },
      },
    });
  });

  it('names the secret that it is signed with, and a form of before that names none', () => {
    const run = runner(
      step('a', webhook({ signing_secret: 'seal' })),
      step('b', webhook(), { input: expr('steps.a.output') }),
    );
    run.start();
    expect(JSON.parse(run.request('a').settings)).toMatchObject({ signing_secret: 'seal' });
    run.complete('a');
    expect(JSON.parse(run.request('b').settings)).toMatchObject({ signing_secret: null });
  });
});

describe('an answer of a model', () => {
  it('that does not follow its schema may be asked for again', () => {
    const run = runner(step('ask', llm, { retry: [retryRule(2)] }));
    run.start();
    run.complete('ask', { not: 'a text' });
    expect(run.step('ask').error).toMatchObject({ class: 'schema', code: 'ANSWER_INVALID', retriable: true });
    run.pass(1_000);
    run.complete('ask', 'a text');
    expect([run.status, run.output]).toEqual(['completed', { ask: 'a text' }]);
  });
});
