import {
  celEnv,
  celFunc,
  celMap,
  celMethod,
  CelScalar,
  parse,
  plan,
  type CelInput,
  type CelResult,
} from '@bufbuild/cel';
import { ExprSchema, type Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { RE2JS } from '@bufbuild/re2';
import { InvalidInputError, type JsonValue } from '@chorda/kernel';
import { BrokenRule, checkExpression, compilePattern, type CheckedExpression } from './check-expression.js';
import {
  errorCost,
  evaluationCostMax,
  filterLimits,
  matchedCharactersMax,
  matchedCharactersPerCost,
  searchedCharactersMax,
  searchedCharactersPerCost,
  soughtCharactersMax,
  turnCost,
} from './filter-limits.js';

/** An event as a filter sees it. `data` is asked for by filters that name it, and by no other. */
export interface FilterSubject {
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly id: string;
  readonly timeMs: number;
  readonly tenant: string;
  readonly topic: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  data(): JsonValue;
}

/**
 * What a filter said of an event. `error`: it could not say (a field that is not there, a number compared with a text),
 * which is no match. `exhausted`: it would have cost more than one evaluation may.
 */
export type FilterVerdict = 'match' | 'no_match' | 'error' | 'exhausted';

/** Evaluation is synchronous, so one count serves all. */
let costLeft = 0;

function spend(cost: number): void {
  costLeft -= cost;
  if (costLeft < 0) throw new Error('The evaluation costs too much');
}

const turn = '@turn';
const patterns = new Map<string, RE2JS>();
const patternsMax = 200;

const { BOOL, STRING } = CelScalar;
type Search = (text: string, sought: string) => boolean;

function search(name: string, find: Search) {
  return celMethod(name, STRING, [STRING], BOOL, function (sought) {
    if (sought.length > soughtCharactersMax || this.length > searchedCharactersMax)
      throw new Error('The text is too long');
    spend(1 + this.length / searchedCharactersPerCost);
    return find(this, sought);
  });
}

/** The library's own, but for what could run long: these count what they do, and loops count their turns. */
const environment = celEnv({
  funcs: [
    search('contains', (text, sought) => text.includes(sought)),
    search('startsWith', (text, sought) => text.startsWith(sought)),
    search('endsWith', (text, sought) => text.endsWith(sought)),
    celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
      if (this.length > matchedCharactersMax) throw new Error('The text is too long');
      spend(10 + this.length / matchedCharactersPerCost);
      return patternOf(pattern).test(this);
    }),
    celFunc(turn, [BOOL], BOOL, (goesOn) => {
      spend(turnCost);
      return goesOn;
    }),
  ],
});

/** A pattern that an event brings is compiled like one that the expression holds, and kept for a while. */
function patternOf(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  spend(200);
  const compiled = compilePattern(pattern);
  if (patterns.size >= patternsMax) patterns.clear();
  patterns.set(pattern, compiled);
  return compiled;
}

/** An expression in CEL, compiled once. */
export class EventFilter {
  private lastSubject: FilterSubject | undefined;
  private lastVerdict: FilterVerdict = 'no_match';
  /** What the last verdict cost; nothing where it was known already. */
  lastCost = 0;

  private constructor(
    readonly text: string,
    private readonly checked: CheckedExpression,
    private readonly run: (input: Record<string, CelInput>) => CelResult,
  ) {}

  /**
   * @param pointer Where the expression stands in what was sent.
   * @throws {@link InvalidInputError} naming the rule that it breaks, and the place where it cannot be read.
   */
  static compile(text: string, pointer = '/filter'): EventFilter {
    try {
      checkText(text);
      const { expr } = parse(text);
      const checked = checkExpression(expr);
      countTurns(expr);
      return new EventFilter(text, checked, plan(environment, expr));
    } catch (error) {
      throw new InvalidInputError('Filter', [{ pointer, detail: detailOf(error) }]);
    }
  }

  /** Whether it looks at the payload, which then has to be decoded. */
  get needsData(): boolean {
    return this.checked.names.has('data');
  }

  /** Evaluated once for each event, however many ask. */
  verdict(subject: FilterSubject): FilterVerdict {
    if (subject === this.lastSubject) {
      this.lastCost = 0;
      return this.lastVerdict;
    }
    this.lastVerdict = this.evaluate(subject);
    this.lastCost = evaluationCostMax - Math.min(costLeft, evaluationCostMax);
    this.lastSubject = subject;
    return this.lastVerdict;
  }

  /** Lets go of the last event. */
  forget(): void {
    this.lastSubject = undefined;
  }

  private evaluate(subject: FilterSubject): FilterVerdict {
    costLeft = evaluationCostMax - this.checked.nodes;
    let result: CelResult;
    try {
      result = this.run(inputOf(subject, this.checked.names));
    } catch {
      return 'error';
    }
    // Asked first: `||` and the loops pass over the errors of their parts, that of a spent budget too.
    if (costLeft < 0) return 'exhausted';
    if (result === true) return 'match';
    if (result === false) return 'no_match';
    costLeft -= errorCost;
    return 'error';
  }
}

function inputOf(subject: FilterSubject, names: ReadonlySet<string>): Record<string, CelInput> {
  const input: Record<string, CelInput> = {
    type: subject.type,
    source: subject.source,
    subject: subject.subject,
    id: subject.id,
    tenant: subject.tenant,
    topic: subject.topic,
    correlation_id: subject.correlationId,
    causation_id: subject.causationId ?? null,
  };
  if (names.has('time')) input['time'] = timestampFromMs(subject.timeMs);
  if (names.has('data')) input['data'] = toInput(subject.data(), 0);
  return input;
}

const depthMax = 64;
/** Values of a payload that are made ready for one cost. */
const valuesPerCost = 4;

/** Maps and not objects: a field of a payload may be called `constructor`. */
function toInput(value: JsonValue, depth: number): CelInput {
  if (depth > depthMax) throw new Error('The payload is nested too deep');
  spend(1 / valuesPerCost);
  if (Array.isArray(value)) return value.map((each) => toInput(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return celMap(new Map(Object.entries(value).map(([name, each]) => [name, toInput(each, depth + 1)])));
}

/** Before the parser sees it: it goes down a level with each bracket, and a stack overflow has no good message. */
function checkText(text: string): void {
  const { charactersMax, nestingMax } = filterLimits;
  if (text.trim() === '') throw new BrokenRule('must not be empty');
  if (text.length > charactersMax)
    throw new BrokenRule(`must have at most ${charactersMax} characters, not ${text.length}`);
  let depth = 0;
  for (const character of text) {
    // Brackets in texts count too: an honest text holds few of them.
    if ('([{?'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (depth > nestingMax) throw new BrokenRule(`must have at most ${nestingMax} brackets within each other`);
  }
}

/** Puts a count into the condition of every loop: it is asked before each turn. */
function countTurns(expr: Expr | undefined): void {
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'selectExpr':
      return countTurns(kind.value.operand);
    case 'callExpr':
      countTurns(kind.value.target);
      return kind.value.args.forEach(countTurns);
    case 'listExpr':
      return kind.value.elements.forEach(countTurns);
    case 'structExpr':
      return kind.value.entries.forEach(({ keyKind, value }) => {
        if (keyKind.case === 'mapKey') countTurns(keyKind.value);
        countTurns(value);
      });
    case 'comprehensionExpr': {
      const loop = kind.value;
      [loop.iterRange, loop.accuInit, loop.loopStep, loop.result].forEach(countTurns);
      const args = loop.loopCondition === undefined ? [] : [loop.loopCondition];
      const id = loop.loopCondition?.id ?? 0n;
      loop.loopCondition = create(ExprSchema, { id, exprKind: { case: 'callExpr', value: { function: turn, args } } });
      return;
    }
    default:
  }
}

function detailOf(error: unknown): string {
  if (error instanceof BrokenRule) return error.message;
  if (error instanceof RangeError) return 'must be nested less deep';
  const message = error instanceof Error ? error.message : String(error);
  return `must be CEL: ${message.replace(/^<input>:/, '').slice(0, 300)}`;
}
