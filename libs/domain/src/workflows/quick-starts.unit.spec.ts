import { stepId } from '@chorda/contracts';
import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { formWith, retryRule, sequence, step, tool } from '../testing/workflow-forms.js';
import { testedRules } from '../testing/tested-workflow-rules.js';
import type { WorkflowDecision } from './run-commands.js';
import { WorkflowRunner } from './workflow-runner.js';

const ports = { expressions, schemaIssues: () => [] };
const running = (...args: Parameters<typeof step>) => {
  const run = new WorkflowRunner(formWith(sequence([step(...args)])), ports, { rules: testedRules(ports) });
  run.start();
  return run;
};
const names = (run: WorkflowRunner, id: string) => ({
  workflow_id: run.runId,
  step_id: stepId(id),
  attempt_token: run.request(id).attempt_token,
});
const answer = (run: WorkflowRunner, id: string, status: 'completed' | 'failed' | 'lost', startedMs: number | null) =>
  run.give({
    type: 'workflow.record_step_result',
    data: {
      ...names(run, id),
      ...{ attempt: 1, status, output_data: null, error: null, duration_ms: 1 },
      ...{ worker: startedMs === null ? null : 'shop-1', started_at: startedMs },
    },
  });
const typesOf = ({ events }: WorkflowDecision): readonly string[] => events.map(({ event }) => event.type);
const isOfStep = (type: string) => type.startsWith('workflow.step_');

describe('the start of a step that a worker did at once', () => {
  it('is told by its outcome, before it, with who did it and since when', () => {
    const run = running('charge', tool('charge'));
    const scheduledMs = run.nowMs;
    run.pass(40);
    const decision = answer(run, 'charge', 'completed', scheduledMs + 10);
    expect(typesOf(decision).filter(isOfStep)).toEqual(['workflow.step_started', 'workflow.step_completed']);
    expect(decision.events[0]?.event.data).toMatchObject({
      worker: 'shop-1',
      started_at: scheduledMs + 10,
      attempt: 1,
    });
    expect(run.status).toBe('completed');
  });

  it.each([
    ['before it was scheduled', -5_000, 0],
    ['after now', 5_000, 40],
  ])('is no time %s, however the clocks differ', (_when, offsetMs, expectedMs) => {
    const run = running('charge', tool('charge'));
    const scheduledMs = run.nowMs;
    run.pass(40);
    const decision = answer(run, 'charge', 'completed', scheduledMs + offsetMs);
    expect(decision.events[0]?.event.data).toMatchObject({ started_at: scheduledMs + expectedMs });
  });

  it('is told once: not again where it was told apart', () => {
    const run = running('charge', tool('charge'));
    const apart = run.give({
      type: 'workflow.record_step_started',
      data: { ...names(run, 'charge'), worker: 'shop-1', started_at: null },
    });
    expect(typesOf(apart)).toEqual(['workflow.step_started']);
    expect(run.step('charge').status).toBe('running');
    const ended = answer(run, 'charge', 'completed', run.nowMs);
    expect(typesOf(ended).filter(isOfStep)).toEqual(['workflow.step_completed']);
  });

  it('is no start where nobody was given it', () => {
    const run = running('charge', tool('charge'));
    const types = typesOf(answer(run, 'charge', 'completed', null)).filter(isOfStep);
    expect(types).toEqual(['workflow.step_completed']);
  });

  it('is told of a try that failed too, and each try tells its own', () => {
    const run = running('charge', tool('charge'), { retry: [retryRule(2)] });
    const types = typesOf(answer(run, 'charge', 'failed', run.nowMs)).filter(isOfStep);
    expect(types).toEqual(['workflow.step_started', 'workflow.step_failed']);
    run.pass(60_000);
    expect(run.step('charge')).toMatchObject({ attempt: 2, status: 'scheduled' });
    const again = typesOf(answer(run, 'charge', 'completed', run.nowMs)).filter(isOfStep);
    expect(again).toEqual(['workflow.step_started', 'workflow.step_completed']);
  });
});
