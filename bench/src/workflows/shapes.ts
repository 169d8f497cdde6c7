/** What is run: as many steps as its name says, or ten beside each other and a join. */
export const shapes = ['one', 'three', 'fan'] as const;

export type Shape = (typeof shapes)[number];

/** Steps that do something, on the longest way through it. */
export const stepsInLine: Readonly<Record<Shape, number>> = { one: 1, three: 3, fan: 1 };

/** `script`: computed by the engine. `tool`: done by a process of the user's over the step protocol. */
export type StepKind = 'script' | 'tool';

const ten = Array.from({ length: 10 }, (_, at) => `s${at}`);

/** The workflow of a shape, as a user would write it. */
export function definitionOf(shape: Shape, kind: StepKind): string {
  const step = (value: string, more = '') =>
    kind === 'script'
      ? `{ kind: script, value: '\${${value} + 1}'${more} }`
      : `{ kind: tool, tool: add, idempotent: true, input: { value: '\${${value}}' }${more} }`;
  const lines =
    shape === 'fan'
      ? [
          ...ten.map((id) => `  ${id}: ${step('input.value')}`),
          `  join: { kind: script, needs: [${ten.join()}], value: '\${${ten.map((id) => `steps.${id}.output`).join(' + ')}}' }`,
        ]
      : ['a', 'b', 'c'].slice(0, stepsInLine[shape]).map((id, at, ids) => {
          const before = ids[at - 1];
          return before === undefined
            ? `  ${id}: ${step('input.value')}`
            : `  ${id}: ${step(`steps.${before}.output`, `, needs: [${before}]`)}`;
        });
  return [`workflow: ${nameOf(shape, kind)}`, 'steps:', ...lines, ''].join('\n');
}

export function nameOf(shape: Shape, kind: StepKind): string {
  return `bench-${shape}-${kind}`;
}

/** A run that waits for a person, and ends with the answer. */
export const parkedName = 'bench-parked';
export const parkedDefinition = `
workflow: ${parkedName}
steps:
  ask: { kind: human, title: 'Go on?' }
`;
