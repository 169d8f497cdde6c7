import type { GraphStep, Step, Template, WebhookStep, WorkflowForm } from '@chorda/domain';
import type { Issue, JsonValue } from '@chorda/kernel';
import { stringify } from 'yaml';
import { Faults, within } from '../source/fault.js';
import type { JsonObject } from './task-reading.js';

export interface Exported {
  readonly text: string | undefined;
  /** What Serverless Workflow has no words for, or its jq cannot say of CEL. */
  readonly refusals: readonly Issue[];
}

/**
 * Writes what both languages say alike: steps that come one after the other, without expressions. Everything else is
 * refused with its place: a document that means something else would be worse than none.
 */
export function exportServerless(form: WorkflowForm): Exported {
  const faults = new Faults();
  const { flow } = form;
  if (flow.kind === 'machine') faults.add('/states', 'is a state machine, which Serverless Workflow does not have');
  const steps = flow.kind === 'graph' ? flow.steps : [];
  steps.forEach(({ step, needs }, index) => {
    const before = steps[index - 1]?.step.id;
    const follows = before === undefined ? needs.length === 0 : needs.length === 1 && needs[0] === before;
    if (!follows) faults.add(within('', 'steps', step.id, 'needs'), 'does not come after the one before it alone');
  });
  const tasks = steps.map((each) => ({ [each.step.id]: taskOf(each, faults) }));
  if (flow.output !== null) faults.add('/output', 'is made by CEL, and Serverless Workflow has jq');
  const document: JsonObject = {
    document: { dsl: '1.0.3', namespace: 'default', name: form.name, version: semantic(form.version) },
    ...(form.input_schema === null ? {} : { input: { schema: { document: form.input_schema } } }),
    do: tasks,
  };
  if (faults.all.length > 0) return { text: undefined, refusals: faults.all };
  return { text: stringify(document, { aliasDuplicateObjects: false }), refusals: [] };
}

type Plain = (template: Template | null, name: string) => JsonValue;

function callOf(step: Step & WebhookStep, plain: Plain, refuse: (name: string) => void): JsonObject {
  const said = (name: 'headers' | 'query'): JsonObject => {
    const value = plain(step[name], name);
    return value === null ? {} : { [name]: value };
  };
  // Its answer has other names there.
  if (step.output_as === 'response') refuse('output_as');
  if ((step.signing_secret ?? null) !== null) refuse('signing_secret');
  const output: JsonObject = step.output_as === 'raw' ? { output: 'raw' } : {};
  const body = plain(step.input, 'input');
  if (step.openapi === undefined) {
    const called = { method: (step.method ?? 'POST').toLowerCase(), endpoint: plain(step.url, 'url') };
    const sent = body === null ? {} : { body };
    return { call: 'http', with: { ...called, ...said('headers'), ...said('query'), ...sent, ...output } };
  }
  const { document, operation, parameters, headers } = step.openapi;
  for (const name of ['headers', 'query'] as const) if (step[name] !== null) refuse(name);
  if (headers !== null) refuse('openapi');
  // Left out, the input of the flow is the body where the operation takes one.
  if (step.input === null || body !== null) refuse('input');
  const given = plain(parameters, 'openapi');
  return {
    call: 'openapi',
    with: {
      document: { endpoint: plain(document, 'openapi') },
      operationId: operation,
      ...(given === null ? {} : { parameters: given }),
      ...output,
    },
  };
}

function semantic(version: string): string {
  return /^\d+\.\d+\.\d+/.test(version) ? version : '1.0.0';
}

function taskOf({ step }: GraphStep, faults: Faults): JsonObject {
  const at = within('', 'steps', step.id);
  const plain = (template: Template | null, name: string): JsonValue => {
    if (template === null) return null;
    if (template.kind === 'value') return template.value;
    faults.add(within(at, name), 'has an expression in CEL, and Serverless Workflow has jq');
    return null;
  };
  for (const name of ['when', 'compensate', 'output'] as const) {
    if (step[name] !== null) faults.add(within(at, name), `has no like in Serverless Workflow: ${name}`);
  }
  for (const name of ['retry', 'catch', 'assign'] as const) {
    if (step[name].length > 0) faults.add(within(at, name), `is not written for Serverless Workflow: ${name}`);
  }
  switch (step.kind) {
    case 'script':
      return { set: plain(step.value, 'value') };
    case 'timer':
      if (step.wait.kind === 'for' && step.wait.duration.kind === 'ms') {
        return { wait: { milliseconds: step.wait.duration.ms } };
      }
      faults.add(at, 'waits for a time that an expression says');
      return {};
    case 'emit':
      return {
        emit: {
          event: {
            with: { source: 'urn:chorda:workflow', type: plain(step.event, 'event'), data: plain(step.input, 'input') },
          },
        },
      };
    case 'wait':
      return { listen: { to: { one: { with: { type: plain(step.event, 'event') } } } } };
    case 'webhook':
      return callOf(step, plain, (name) =>
        faults.add(within(at, name), `is not written for Serverless Workflow: ${name}`),
      );
    case 'sub_workflow':
      return { run: { workflow: { namespace: 'default', name: step.workflow, version: step.version ?? 'latest' } } };
    default:
      faults.add(within(at, 'kind'), `has no like in Serverless Workflow: ${step.kind}`);
      return {};
  }
}
