import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { RE2JS } from '@bufbuild/re2';
import { filterLimits } from './filter-limits.js';
import { comparable, filterVariables, fits, signatures, typeNames, type CelTypeName } from './filter-types.js';

type Call = Extract<Expr['exprKind'], { case: 'callExpr' }>['value'];
type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'];
type Constant = Extract<Expr['exprKind'], { case: 'constExpr' }>['value'];

export interface CheckedExpression {
  readonly nodes: number;
  /** Names of {@link filterVariables} that it looks at. */
  readonly names: ReadonlySet<string>;
}

/** A rule that the expression breaks, as a half sentence: `must …`. */
export class BrokenRule extends Error {}

/**
 * Finds what is wrong with an expression before any event comes: names that nobody knows, functions with arguments they
 * never take, a result that is no yes or no. What depends on the event (`data.x`) is `dyn` and found out by the event.
 *
 * @throws {@link BrokenRule}
 */
export function checkExpression(root: Expr): CheckedExpression {
  const check = new Check();
  const result = check.typeOf(root, new Set(), 0);
  if (!fits(result, 'bool')) throw new BrokenRule(`must say true or false; this is of type ${result}`);
  return { nodes: check.nodes, names: check.names };
}

class Check {
  nodes = 0;
  readonly names = new Set<string>();

  typeOf(expr: Expr | undefined, locals: ReadonlySet<string>, loops: number): CelTypeName {
    this.nodes += 1;
    if (this.nodes > filterLimits.nodesMax) throw new BrokenRule(`must have at most ${filterLimits.nodesMax} parts`);
    const kind = expr?.exprKind;
    switch (kind?.case) {
      case 'constExpr':
        return constantType(kind.value);
      case 'identExpr':
        return this.nameType(kind.value.name, locals);
      case 'selectExpr': {
        const { operand, field, testOnly } = kind.value;
        const of = this.typeOf(operand, locals, loops);
        if (!fits(of, 'map'))
          throw new BrokenRule(`asks for .${field} of something of type ${of}, which has no fields`);
        return testOnly ? 'bool' : 'dyn';
      }
      case 'callExpr':
        return this.callType(kind.value, locals, loops);
      case 'listExpr':
        for (const each of kind.value.elements) this.typeOf(each, locals, loops);
        return 'list';
      case 'structExpr':
        if (kind.value.messageName !== '')
          throw new BrokenRule(`names a type ${kind.value.messageName} that is not known`);
        for (const { keyKind, value } of kind.value.entries) {
          if (keyKind.case === 'mapKey') this.typeOf(keyKind.value, locals, loops);
          this.typeOf(value, locals, loops);
        }
        return 'map';
      case 'comprehensionExpr':
        return this.loopType(kind.value, locals, loops);
      case undefined:
        throw new BrokenRule('must be a whole expression');
    }
  }

  private nameType(name: string, locals: ReadonlySet<string>): CelTypeName {
    if (locals.has(name)) return 'dyn';
    if (Object.hasOwn(filterVariables, name)) {
      this.names.add(name);
      return filterVariables[name] ?? 'dyn';
    }
    if (typeNames.has(name)) return 'type';
    throw new BrokenRule(`names ${name}, which is not known; known are ${Object.keys(filterVariables).join(', ')}`);
  }

  /** What a macro became: its own variables begin with `@`, which nobody can write. */
  private loopType(loop: Comprehension, locals: ReadonlySet<string>, loops: number): CelTypeName {
    if (loops >= filterLimits.loopsNestedMax) {
      throw new BrokenRule(`must have at most ${filterLimits.loopsNestedMax} loops within each other`);
    }
    const range = this.typeOf(loop.iterRange, locals, loops);
    if (!fits(range, 'list') && !fits(range, 'map')) throw new BrokenRule(`goes through something of type ${range}`);
    const result = this.typeOf(loop.accuInit, locals, loops);
    const inside = new Set([...locals, loop.accuVar, loop.iterVar]);
    if (loop.iterVar2 !== '') inside.add(loop.iterVar2);
    this.typeOf(loop.loopCondition, inside, loops + 1);
    this.typeOf(loop.loopStep, inside, loops + 1);
    this.typeOf(loop.result, inside, loops + 1);
    return result === 'int' ? 'dyn' : result;
  }

  private callType(call: Call, locals: ReadonlySet<string>, loops: number): CelTypeName {
    const target = call.target === undefined ? undefined : this.typeOf(call.target, locals, loops);
    const types = call.args.map((each) => this.typeOf(each, locals, loops));
    const name = call.function;
    const logic = logicType(name, types);
    if (logic !== undefined) return logic;
    const known = signatures.get(name);
    if (known === undefined) throw new BrokenRule(`calls ${name}, which is not known`);
    const possible = known.filter(
      (each) =>
        (each.target === undefined) === (target === undefined) &&
        (each.target === undefined || fits(target ?? 'dyn', each.target)) &&
        each.parameters.length === types.length &&
        each.parameters.every((wanted, index) => fits(types[index] ?? 'dyn', wanted)),
    );
    const [first] = possible;
    if (first === undefined)
      throw new BrokenRule(`uses ${written(name)} with ${listed(target, types)}, which it never takes`);
    if (name === 'matches') checkPattern(call.args.at(-1));
    return possible.every(({ result }) => result === first.result) ? first.result : 'dyn';
  }
}

function logicType(name: string, types: readonly CelTypeName[]): CelTypeName | undefined {
  const [first = 'dyn', second = 'dyn', third = 'dyn'] = types;
  switch (name) {
    case '_&&_':
    case '_||_':
    case '!_':
    case '@not_strictly_false': {
      const wrong = types.find((type) => !fits(type, 'bool'));
      if (wrong !== undefined)
        throw new BrokenRule(`uses ${written(name)} with something of type ${wrong}, not true or false`);
      return 'bool';
    }
    case '_==_':
    case '_!=_':
      if (!comparable(first, second)) throw new BrokenRule(`compares ${first} with ${second}, which are never equal`);
      return 'bool';
    case '_?_:_':
      if (!fits(first, 'bool')) throw new BrokenRule(`chooses by something of type ${first}, not true or false`);
      return second === third ? second : 'dyn';
    default:
      return undefined;
  }
}

function constantType({ constantKind }: Constant): CelTypeName {
  switch (constantKind.case) {
    case 'boolValue':
      return 'bool';
    case 'bytesValue':
      return 'bytes';
    case 'doubleValue':
      return 'double';
    case 'int64Value':
      return 'int';
    case 'uint64Value':
      return 'uint';
    case 'stringValue':
      return 'string';
    case 'nullValue':
      return 'null';
    default:
      return 'dyn';
  }
}

/** One that stands in the expression; one that an event brings is compiled then. */
function checkPattern(expr: Expr | undefined): void {
  const kind = expr?.exprKind;
  if (kind?.case !== 'constExpr' || kind.value.constantKind.case !== 'stringValue') return;
  compilePattern(kind.value.constantKind.value);
}

/** RE2: linear in the text, whatever the pattern. @throws {@link BrokenRule} */
export function compilePattern(pattern: string): RE2JS {
  if (pattern.length > filterLimits.patternCharactersMax) {
    throw new BrokenRule(`must have patterns of at most ${filterLimits.patternCharactersMax} characters`);
  }
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new BrokenRule(`has a pattern that is no RE2: ${error instanceof Error ? error.message.slice(0, 200) : ''}`, {
      cause: error,
    });
  }
}

function written(name: string): string {
  return name.replaceAll('_', ' ').replace('@in', 'in').trim();
}

function listed(target: CelTypeName | undefined, types: readonly CelTypeName[]): string {
  const given = `(${types.join(', ')})`;
  return target === undefined ? given : `${target} and ${given}`;
}
