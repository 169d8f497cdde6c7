import type { Answers } from '@chorda/client';
import type { Flow, Step, WorkflowForm } from '@chorda/domain';
import type { Output } from '../command-line/output.js';

/** A definition as a tree: steps with what they need, or states with what leads on. */
export function definitionText(output: Output, definition: Answers.WorkflowDefinition): string {
  const {
    name,
    version,
    title,
    hash,
    created_at: createdAt,
    created_by: createdBy,
    archived_at: archivedAt,
  } = definition;
  // What the gateway stores has been checked to be one.
  const form = definition.form as object as WorkflowForm;
  return [
    `${output.paint('strong', name)} version ${version}${title === null ? '' : `: ${title}`}`,
    `stored ${createdAt} by ${createdBy}${archivedAt === null ? '' : `, archived ${archivedAt}`}`,
    `hash ${hash}`,
    ...flowLines(output, form.flow, ''),
  ].join('\n');
}

function flowLines(output: Output, flow: Flow, indent: string): readonly string[] {
  const entries =
    flow.kind === 'graph'
      ? flow.steps.map(({ step, needs }) => ({
          name: step.id,
          step,
          more: needs.length === 0 ? '' : `after ${needs.join(', ')}`,
        }))
      : flow.states.map(({ name, step, transitions, final }) => {
          const ways = [...new Set(transitions.map(({ to }) => to))];
          const more =
            final === null
              ? `to ${ways.join(', ')}`
              : `ends the ${final.kind === 'run_completed' ? 'run' : 'flow'}: ${final.kind.replace('run_', '')}`;
          return { name, step, more };
        });
  return entries.flatMap(({ name, step, more }, index) => {
    const isLast = index === entries.length - 1;
    const about = [step === null ? '' : aboutStep(step), more].filter((each) => each !== '').join(', ');
    const line = `${indent}${isLast ? '└' : '├'} ${output.paint('strong', name)}${about === '' ? '' : `  ${about}`}`;
    return [line, ...innerLines(output, step, `${indent}${isLast ? ' ' : '│'} `)];
  });
}

function innerLines(output: Output, step: Step | null, indent: string): readonly string[] {
  if (step?.kind === 'flow') return flowLines(output, step.flow, indent);
  if (step?.kind === 'map') return flowLines(output, step.body, indent);
  return [];
}

function aboutStep(step: Step): string {
  const kind =
    step.kind === 'tool' ? `tool ${step.tool}` : step.kind === 'sub_workflow' ? `workflow ${step.workflow}` : step.kind;
  const more = [
    step.when === null ? '' : `when ${step.when.text}`,
    step.retry.length === 0 ? '' : `up to ${Math.max(...step.retry.map((rule) => rule.attempts_max))} tries`,
    step.compensate === null ? '' : 'can be undone',
  ];
  return [kind, ...more.filter((each) => each !== '')].join(', ');
}
