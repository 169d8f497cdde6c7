import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { parseCel, patternOf } from '../expressions/cel-program.js';
import { BrokenExpression, expressionLimits } from '../expressions/expression-limits.js';
import { closed, dyn, type Known, type TypeName } from './known.js';
import { common, comparable, fits, signatures, typeNames } from './signatures.js';

type Kind<Case extends string> = Extract<Expr['exprKind'], { case: Case }>['value'];

/** What an expression may name at its place, and what is known of it. */
export type ScopeTypes = Readonly<Record<string, Known>>;

/**
 * Finds what is wrong with an expression before any run: names that are not there, functions with arguments they never
 * take. What depends on the run is `dyn` and found out by it.
 *
 * @returns What is known of its value.
 * @throws {@link BrokenExpression}
 */
export function checkCel(text: string, scope: ScopeTypes): Known {
  return new Check(scope).typeOf(parseCel(text), {}, 0);
}

class Check {
  private nodes = 0;

  constructor(private readonly scope: ScopeTypes) {}

  typeOf(expr: Expr | undefined, locals: ScopeTypes, loops: number): Known {
    this.nodes += 1;
    if (this.nodes > expressionLimits.nodesMax) {
      throw new BrokenExpression(`must have at most ${expressionLimits.nodesMax} parts`);
    }
    const kind = expr?.exprKind;
    switch (kind?.case) {
      case 'constExpr':
        return { type: constantType(kind.value) };
      case 'identExpr':
        return this.nameType(kind.value.name, locals);
      case 'selectExpr':
        return this.select(kind.value, locals, loops);
      case 'callExpr':
        return this.call(kind.value, locals, loops);
      case 'listExpr': {
        const items = kind.value.elements.map((each) => this.typeOf(each, locals, loops));
        return { type: 'list', item: { type: common(items.map(({ type }) => type)) } };
      }
      case 'structExpr':
        return this.struct(kind.value, locals, loops);
      case 'comprehensionExpr':
        return this.loop(kind.value, locals, loops);
      case undefined:
        throw new BrokenExpression('must be a whole expression');
    }
  }

  private nameType(name: string, locals: ScopeTypes): Known {
    const found = own(locals, name) ?? own(this.scope, name);
    if (found !== undefined) return found;
    if (typeNames.has(name)) return { type: 'type' };
    throw new BrokenExpression(
      `names ${name}, which is not known here; known are ${Object.keys(this.scope).join(', ')}`,
    );
  }

  private select({ operand, field, testOnly }: Kind<'selectExpr'>, locals: ScopeTypes, loops: number): Known {
    const whole = this.typeOf(operand, locals, loops);
    const member = memberOf(whole, field, nameOf(operand));
    return testOnly ? { type: 'bool' } : member;
  }

  private struct({ messageName, entries }: Kind<'structExpr'>, locals: ScopeTypes, loops: number): Known {
    if (messageName !== '') throw new BrokenExpression(`names a type ${messageName}, which is not known`);
    const members: Record<string, Known> = {};
    let isClosed = true;
    for (const { keyKind, value } of entries) {
      const type = this.typeOf(value, locals, loops);
      const name = keyKind.case === 'mapKey' ? constantText(keyKind.value) : undefined;
      if (keyKind.case === 'mapKey') this.typeOf(keyKind.value, locals, loops);
      if (name === undefined) isClosed = false;
      else members[name] = type;
    }
    return isClosed ? closed(members) : { type: 'map' };
  }

  /** What a macro became: its own variables begin with `@`, which nobody can write. */
  private loop(loop: Kind<'comprehensionExpr'>, locals: ScopeTypes, loops: number): Known {
    if (loops >= expressionLimits.loopsNestedMax) {
      throw new BrokenExpression(`must have at most ${expressionLimits.loopsNestedMax} loops within each other`);
    }
    const range = this.typeOf(loop.iterRange, locals, loops);
    if (!fits(range.type, 'list') && !fits(range.type, 'map')) {
      throw new BrokenExpression(`goes through something of type ${range.type}`);
    }
    const { type } = this.typeOf(loop.accuInit, locals, loops);
    const result: Known = { type: type === 'int' ? 'dyn' : type };
    const item = loop.iterVar2 === '' ? (range.item ?? dyn) : dyn;
    const inside: ScopeTypes = { ...locals, [loop.accuVar]: result, [loop.iterVar]: item, [loop.iterVar2]: dyn };
    this.typeOf(loop.loopCondition, inside, loops + 1);
    this.typeOf(loop.loopStep, inside, loops + 1);
    this.typeOf(loop.result, inside, loops + 1);
    return result;
  }

  private call(call: Kind<'callExpr'>, locals: ScopeTypes, loops: number): Known {
    const target = call.target === undefined ? undefined : this.typeOf(call.target, locals, loops);
    const given = call.args.map((each) => this.typeOf(each, locals, loops));
    const name = call.function;
    const logic = logicType(name, given);
    if (logic !== undefined) return logic;
    if (name === '_[_]') {
      const [whole = dyn] = given;
      const field = constantText(call.args[1]);
      if (field !== undefined && whole.type === 'map') return memberOf(whole, field, nameOf(call.args[0]));
      if (whole.type === 'list' && whole.item !== undefined) return whole.item;
    }
    return { type: resultType(call, target, given) };
  }
}

function resultType(call: Kind<'callExpr'>, target: Known | undefined, given: readonly Known[]): TypeName {
  const known = signatures.get(call.function);
  if (known === undefined) throw new BrokenExpression(`calls ${call.function}, which is not known`);
  const possible = known.filter(
    (each) =>
      (each.target === undefined) === (target === undefined) &&
      fits(target?.type ?? 'dyn', each.target ?? 'dyn') &&
      each.parameters.length === given.length &&
      each.parameters.every((wanted, index) => fits(given[index]?.type ?? 'dyn', wanted)),
  );
  if (possible.length === 0) {
    const written = call.function.replaceAll('_', ' ').replace('@in', 'in').trim();
    const types = [...(target === undefined ? [] : [target]), ...given].map(({ type }) => type).join(' and ');
    throw new BrokenExpression(`uses ${written} with ${types}, which it never takes`);
  }
  if (call.function === 'matches') checkPattern(call.args.at(-1));
  return common(possible.map(({ result }) => result));
}

function own(types: ScopeTypes, name: string): Known | undefined {
  return Object.hasOwn(types, name) ? types[name] : undefined;
}

function memberOf(whole: Known, field: string, name: string): Known {
  if (!fits(whole.type, 'map')) {
    throw new BrokenExpression(`asks for .${field} of ${name}, which is of type ${whole.type} and has no members`);
  }
  const member = whole.members === undefined ? undefined : own(whole.members, field);
  if (member !== undefined) return member;
  if (whole.isClosed !== true) return dyn;
  const names = Object.keys(whole.members ?? {});
  const there = names.length === 0 ? 'it has no members' : `there are ${names.slice(0, 20).join(', ')}`;
  throw new BrokenExpression(`names ${name}.${field}, which is not there; ${there}`);
}

function logicType(name: string, given: readonly Known[]): Known | undefined {
  const types = given.map(({ type }) => type);
  const [first = 'dyn', second = 'dyn', third = 'dyn'] = types;
  switch (name) {
    case '_&&_':
    case '_||_':
    case '!_':
    case '@not_strictly_false': {
      const wrong = types.find((type) => !fits(type, 'bool'));
      if (wrong !== undefined)
        throw new BrokenExpression(`has something of type ${wrong} where true or false is wanted`);
      return { type: 'bool' };
    }
    case '_==_':
    case '_!=_':
      if (!comparable(first, second)) {
        throw new BrokenExpression(`compares ${first} with ${second}, which are never equal`);
      }
      return { type: 'bool' };
    case '_?_:_':
      if (!fits(first, 'bool')) throw new BrokenExpression(`chooses by something of type ${first}, not true or false`);
      return second === third && second !== 'map' ? (given[1] ?? dyn) : { type: common([second, third]) };
    default:
      return undefined;
  }
}

function constantType({ constantKind }: Kind<'constExpr'>): TypeName {
  const types: Readonly<Record<string, TypeName>> = {
    boolValue: 'bool',
    bytesValue: 'bytes',
    doubleValue: 'double',
    int64Value: 'int',
    uint64Value: 'uint',
    stringValue: 'string',
    nullValue: 'null',
  };
  return types[constantKind.case ?? ''] ?? 'dyn';
}

function constantText(expr: Expr | undefined): string | undefined {
  const kind = expr?.exprKind;
  if (kind?.case !== 'constExpr' || kind.value.constantKind.case !== 'stringValue') return undefined;
  return kind.value.constantKind.value;
}

/** As it was written, as far as it is names. */
function nameOf(expr: Expr | undefined): string {
  const kind = expr?.exprKind;
  if (kind?.case === 'identExpr') return kind.value.name;
  if (kind?.case === 'selectExpr') return `${nameOf(kind.value.operand)}.${kind.value.field}`;
  return 'a value';
}

function checkPattern(expr: Expr | undefined): void {
  const pattern = constantText(expr);
  if (pattern === undefined) return;
  try {
    patternOf(pattern);
  } catch (error) {
    if (error instanceof BrokenExpression) throw error;
    throw new BrokenExpression(
      `has a pattern that is no RE2: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
    );
  }
}
