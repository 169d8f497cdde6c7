import {
  celEnv,
  celFunc,
  celMethod,
  CelScalar,
  isCelError,
  parse,
  plan,
  type CelInput,
  type CelResult,
} from '@bufbuild/cel';
import { ExprSchema, type Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { create } from '@bufbuild/protobuf';
import { RE2JS } from '@bufbuild/re2';
import type { JsonValue } from '@chorda/kernel';
import { BudgetSpent, fillBudget, isBudgetSpent, spend } from './budget.js';
import { celOf, jsonOf } from './cel-json.js';
import { BrokenExpression, checkText, expressionLimits } from './expression-limits.js';

const textCharactersMax = 256 * 1024;
const matchedCharactersMax = 16 * 1024;
const charactersPerCost = 64;
const turn = '@turn';
const { BOOL, DOUBLE, INT, STRING } = CelScalar;

function search(name: string, find: (text: string, sought: string) => boolean) {
  return celMethod(name, STRING, [STRING], BOOL, function (sought) {
    if (this.length > textCharactersMax) throw new Error('the text is too long');
    spend(1 + (this.length + sought.length) / charactersPerCost);
    return find(this, sought);
  });
}

const computations = {
  '_+_': (left: number, right: number) => left + right,
  '_-_': (left: number, right: number) => left - right,
  '_*_': (left: number, right: number) => left * right,
  '_/_': (left: number, right: number) => left / right,
};

/** JSON has one kind of number: what `price * 2` comes to must not depend on whether this price has cents. */
const mixedArithmetic = Object.entries(computations).flatMap(([name, compute]) => [
  celFunc(name, [INT, DOUBLE], DOUBLE, (left, right) => compute(Number(left), right)),
  celFunc(name, [DOUBLE, INT], DOUBLE, (left, right) => compute(left, Number(right))),
]);

/** The library's own, but for what could run long: these count what they do, and loops count their turns. */
const environment = celEnv({
  funcs: [
    search('contains', (text, sought) => text.includes(sought)),
    search('startsWith', (text, sought) => text.startsWith(sought)),
    search('endsWith', (text, sought) => text.endsWith(sought)),
    celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
      if (this.length > matchedCharactersMax) throw new Error('the text is too long to be matched');
      spend(10 + this.length);
      return patternOf(pattern).test(this);
    }),
    celFunc('_+_', [STRING, STRING], STRING, (left, right) => {
      spend(1 + (left.length + right.length) / charactersPerCost);
      return left + right;
    }),
    celFunc(turn, [BOOL], BOOL, (goesOn) => {
      spend(8);
      return goesOn;
    }),
    ...mixedArithmetic,
  ],
});

const patterns = new Map<string, RE2JS>();
const patternsMax = 200;

/** RE2: linear in the text, whatever the pattern. */
export function patternOf(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > expressionLimits.patternCharactersMax) {
    throw new BrokenExpression(`must have patterns of at most ${expressionLimits.patternCharactersMax} characters`);
  }
  const compiled = RE2JS.compile(pattern);
  if (patterns.size >= patternsMax) patterns.clear();
  patterns.set(pattern, compiled);
  return compiled;
}

export type CelProgram = (scope: { readonly [name: string]: JsonValue }) => JsonValue;

/**
 * @throws {@link BrokenExpression} saying what is wrong with the text.
 */
export function parseCel(text: string): Expr {
  checkText(text);
  try {
    const { expr } = parse(text);
    if (expr === undefined) throw new BrokenExpression('must be a whole expression');
    return expr;
  } catch (error) {
    if (error instanceof BrokenExpression) throw error;
    if (error instanceof RangeError) throw new BrokenExpression('must be nested less deep');
    throw new BrokenExpression(`must be CEL: ${messageOf(error).replace(/^<input>:/, '')}`);
  }
}

/** Compiled once; what it then comes to depends on the scope alone. @throws {@link BrokenExpression} */
export function compileCel(text: string): CelProgram {
  const expr = parseCel(text);
  const names = new Set<string>();
  prepare(expr, names);
  const run = plan(environment, expr);
  return (scope) => {
    fillBudget();
    const input: Record<string, CelInput> = {};
    for (const name of names) {
      const value = scope[name];
      if (value !== undefined) input[name] = celOf(value);
    }
    return resultOf(run(input));
  };
}

function resultOf(result: CelResult): JsonValue {
  // Asked first: `||` and the loops pass over the errors of their parts, that of a spent budget too.
  if (isBudgetSpent()) throw new BudgetSpent();
  if (isCelError(result)) throw new Error(result.message);
  return jsonOf(result);
}

/** Puts a count into the condition of every loop, asked before each turn, and finds what the expression names. */
function prepare(expr: Expr | undefined, names: Set<string>): void {
  const kind = expr?.exprKind;
  const down = (each: Expr | undefined) => {
    prepare(each, names);
  };
  switch (kind?.case) {
    case 'identExpr':
      names.add(kind.value.name);
      return;
    case 'selectExpr':
      return down(kind.value.operand);
    case 'callExpr':
      down(kind.value.target);
      return kind.value.args.forEach(down);
    case 'listExpr':
      return kind.value.elements.forEach(down);
    case 'structExpr':
      return kind.value.entries.forEach(({ keyKind, value }) => {
        if (keyKind.case === 'mapKey') down(keyKind.value);
        down(value);
      });
    case 'comprehensionExpr': {
      const loop = kind.value;
      [loop.iterRange, loop.accuInit, loop.loopStep, loop.result, loop.loopCondition].forEach(down);
      const args = loop.loopCondition === undefined ? [] : [loop.loopCondition];
      const id = loop.loopCondition?.id ?? 0n;
      loop.loopCondition = create(ExprSchema, { id, exprKind: { case: 'callExpr', value: { function: turn, args } } });
      return;
    }
    default:
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
