import type { JsonValue } from '@chorda/kernel';
import { fillBudget } from '../budget.js';
import { BrokenExpression, checkText, expressionLimits } from '../expression-limits.js';
import type { CelProgram } from '../cel-program.js';
import { formatNames } from './jq-formats.js';
import { functionNames } from './jq-functions.js';
import { outputsOf, type Environment } from './jq-evaluate.js';
import { parseJq } from './jq-parser.js';
import { refusedFunctions, type Jq, type Pattern } from './jq-syntax.js';

export interface CheckedJq {
  readonly program: Jq;
  /** Names with `$` that the program does not bind itself. */
  readonly variables: ReadonlySet<string>;
}

/**
 * jq without definitions, without loops that need no end and without what is not the same each time. `.` is the scope;
 * each of its names is also a variable.
 *
 * @throws {@link BrokenExpression}
 */
export function checkJq(text: string): CheckedJq {
  checkText(text);
  const program = parsed(text);
  const variables = new Set<string>();
  check(program, new Set(), variables, { nodes: 0 });
  return { program, variables };
}

/** Its first output; of none, null. @throws {@link BrokenExpression} */
export function compileJq(text: string): CelProgram {
  const { program } = checkJq(text);
  return (scope) => {
    fillBudget();
    let environment: Environment | null = null;
    for (const [name, value] of Object.entries(scope)) environment = { name, value, outer: environment };
    const whole: JsonValue = scope;
    return outputsOf(program, whole, environment)[0] ?? null;
  };
}

function parsed(text: string): Jq {
  try {
    return parseJq(text);
  } catch (error) {
    if (error instanceof RangeError) throw new BrokenExpression('must be nested less deep');
    throw error;
  }
}

function check(program: Jq, bound: ReadonlySet<string>, free: Set<string>, count: { nodes: number }): void {
  count.nodes += 1;
  if (count.nodes > expressionLimits.nodesMax) {
    throw new BrokenExpression(`must have at most ${expressionLimits.nodesMax} parts`);
  }
  if (program.kind === 'variable' && !bound.has(program.name)) free.add(program.name);
  if (program.kind === 'call') checkCall(program);
  if (program.kind === 'format' || (program.kind === 'text' && program.format !== null)) {
    if (!formatNames.includes(program.format ?? '')) {
      throw new BrokenExpression(`uses @${program.format ?? ''}, which is not known`);
    }
  }
  for (const [inner, names] of partsOf(program)) check(inner, new Set([...bound, ...names]), free, count);
}

function checkCall({ name, parameters }: Extract<Jq, { kind: 'call' }>): void {
  if (functionNames.has(`${name}/${parameters.length}`)) return;
  if (refusedFunctions.has(name)) {
    throw new BrokenExpression(
      `uses ${name}, which may not be used in a workflow: it has no bound or is not the same each time`,
    );
  }
  throw new BrokenExpression(`uses ${name} with ${parameters.length} parameters, which is not known`);
}

/** What is within a program, with the names that are bound there. */
function partsOf(program: Jq): readonly (readonly [Jq, readonly string[]])[] {
  const plain = (...parts: readonly (Jq | null)[]) =>
    parts.flatMap((part) => (part === null ? [] : [[part, []] as const]));
  switch (program.kind) {
    case 'text':
      return plain(...program.parts.filter((part) => typeof part !== 'string'));
    case 'index':
      return plain(program.of, program.by);
    case 'slice':
      return plain(program.of, program.from, program.to);
    case 'iterate':
    case 'negate':
      return plain(program.of);
    case 'list':
      return plain(program.items);
    case 'object':
      return plain(...program.members.flatMap(({ name, value }) => [name, value]));
    case 'pipe':
    case 'comma':
    case 'operator':
    case 'assign':
      return plain(program.left, program.right);
    case 'if':
      return plain(program.condition, program.whenTrue, program.otherwise);
    case 'try':
      return plain(program.body, program.handler);
    case 'bind':
      return [...plain(program.source), [program.body, namesIn(program.pattern)]];
    case 'reduce':
      return [...plain(program.source, program.start), [program.update, namesIn(program.pattern)]];
    case 'call':
      return plain(...program.parameters);
    default:
      return [];
  }
}

function namesIn(pattern: Pattern): readonly string[] {
  switch (pattern.kind) {
    case 'name':
      return [pattern.name];
    case 'list':
      return pattern.items.flatMap(namesIn);
    case 'object':
      return pattern.members.flatMap((member) => namesIn(member.pattern));
  }
}
