import { asPayloadRef, BackboneError, type JsonValue, type PayloadRef } from '@chorda/kernel';
import { ExpressionError, type Expressions, type RunExpressions } from './expressions.js';
import type { Expression, Scope } from './form.js';
import { referredBytesMax } from './limits.js';

/** Gives what a reference stands for. @throws BackboneError that is not retriable where it cannot be had. */
export type PayloadSource = (ref: PayloadRef) => JsonValue;

/** Deeper than that, what looks like a reference is a value like any other. */
const depthMax = 500;

/**
 * Values of a run that are too large for its events lie elsewhere, and references stand in their places. Expressions never
 * see one: what they mention is read first. A path alone, such as `steps.fetch.output`, hands the reference on, so that a
 * document that goes from step to step is read by nobody on the way.
 */
export class ReferredValues implements RunExpressions {
  /** @param source Undefined: nothing is kept by reference here. */
  constructor(
    private readonly expressions: Expressions,
    private readonly source: PayloadSource | undefined,
  ) {}

  /** What comes of a path may be a reference, or hold some. @throws {@link ExpressionError} */
  evaluate(expression: Expression, scope: Scope): JsonValue {
    if (this.source === undefined || !mentionsReference(expression, scope)) {
      return this.expressions.evaluate(expression, scope);
    }
    const reading = new Reading(this.source);
    const path = pathOf(expression);
    const found = path === undefined ? undefined : reading.follow(scope, path);
    return found ?? this.expressions.evaluate(expression, reading.mentioned(expression, scope));
  }

  /** With what they refer to in the place of all references. @throws {@link ExpressionError} */
  whole(value: JsonValue): JsonValue {
    return this.source === undefined ? value : new Reading(this.source).whole(value);
  }

  /** The value itself where it is a reference; what it holds stays as it is. @throws {@link ExpressionError} */
  opened(value: JsonValue): JsonValue {
    const ref = asPayloadRef(value);
    return ref === undefined || this.source === undefined ? value : new Reading(this.source).read(ref);
  }
}

/** What one expression reads, within its bound. */
class Reading {
  private bytes = 0;

  constructor(private readonly source: PayloadSource) {}

  read(ref: PayloadRef): JsonValue {
    this.bytes += ref.length;
    if (this.bytes > referredBytesMax) {
      throw new ExpressionError(
        `It would read ${this.bytes} bytes by reference; at most ${referredBytesMax} are read at a time. Hand them on by a path alone`,
      );
    }
    try {
      return this.source(ref);
    } catch (error) {
      // Of another error it is not known that the next time will be no better.
      if (!(error instanceof BackboneError) || error.retriable) throw error;
      throw new ExpressionError(error.message, { cause: error });
    }
  }

  whole(value: JsonValue, depth = 0): JsonValue {
    if (depth > depthMax || !holdsReference(value)) return value;
    const ref = asPayloadRef(value);
    if (ref !== undefined) return this.read(ref);
    if (isList(value)) return value.map((each) => this.whole(each, depth + 1));
    return Object.fromEntries(membersOf(value).map(([name, each]) => [name, this.whole(each, depth + 1)]));
  }

  /** A scope with all that the expression mentions in the place of references. */
  mentioned(expression: Expression, scope: Scope): Scope {
    const read = Object.entries(scope).map(([name, value]) => {
      if (!mentions(expression, name)) return [name, value];
      if (name !== 'steps') return [name, this.whole(value)];
      const steps = membersOf(value).map(([id, step]) => [id, mentionsStep(expression, id) ? this.whole(step) : step]);
      return [name, Object.fromEntries(steps)];
    });
    return Object.fromEntries(read);
  }

  /** Undefined where there is nothing at the end of the path: the expression itself says so best. */
  follow(scope: Scope, path: readonly (string | number)[]): JsonValue | undefined {
    let value: JsonValue = scope;
    for (const part of path) {
      const ref = asPayloadRef(value);
      const at: JsonValue = ref === undefined ? value : this.read(ref);
      const next = partOf(at, part);
      if (next === undefined) return undefined;
      value = next;
    }
    return value;
  }
}

function partOf(value: JsonValue, part: string | number): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isList(value)) return typeof part === 'number' ? value[part] : undefined;
  return typeof part === 'string' && Object.hasOwn(value, part) ? value[part] : undefined;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function membersOf(value: JsonValue): [string, JsonValue][] {
  return typeof value === 'object' && value !== null && !isList(value) ? Object.entries(value) : [];
}

function mentionsReference(expression: Expression, scope: Scope): boolean {
  return Object.entries(scope).some(([name, value]) => {
    if (!mentions(expression, name)) return false;
    if (name !== 'steps') return holdsReference(value);
    return membersOf(value).some(([id, step]) => mentionsStep(expression, id) && holdsReference(step));
  });
}

/** Too often rather than too seldom: a name that stands in a text costs a read, and changes nothing. */
function mentions({ language, text }: Expression, name: string): boolean {
  // Much of jq takes all that there is without naming it.
  if (language === 'jq') return true;
  if (!text.includes(name)) return false;
  return name !== 'run' || /\brun\b(?!\s*\.\s*(?:id|name|started_at)\b)/.test(text);
}

function mentionsStep({ language, text }: Expression, id: string): boolean {
  // Looked up by something else than its name, it may be any.
  return language === 'jq' || text.includes(id) || /\bsteps\b(?!\s*\.)/.test(text);
}

const celPath = /^\s*[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*|\s*\[\s*(?:"[^"\\]*"|'[^'\\]*'|\d{1,9})\s*\])*\s*$/;
const jqPath = /^\s*[.$][A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:"[^"\\]*"|\d{1,9})\])*\s*$/;
const pathParts = /"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<index>\d+)(?=\s*\])|(?<name>[A-Za-z_]\w*)/g;

/** Undefined: it is more than a path. */
function pathOf({ language, text }: Expression): readonly (string | number)[] | undefined {
  if (!(language === 'jq' ? jqPath : celPath).test(text)) return undefined;
  return [...text.matchAll(pathParts)].map(({ groups = {} }) =>
    groups['index'] === undefined
      ? (groups['double'] ?? groups['single'] ?? groups['name'] ?? '')
      : Number(groups['index']),
  );
}

/** States never change, so that each value is looked through once. */
const looked = new WeakMap<object, boolean>();

export function holdsReference(value: JsonValue, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > depthMax) return false;
  const known = looked.get(value);
  if (known !== undefined) return known;
  const parts = isList(value) ? value : Object.values(value);
  const holds = asPayloadRef(value) !== undefined || parts.some((each) => holdsReference(each, depth + 1));
  looked.set(value, holds);
  return holds;
}

/** All that a value refers to is more than may be read at a time. */
export class ReferredTooLargeError extends BackboneError {
  readonly code = 'INPUT_TOO_LARGE';
  readonly retriable = false;

  constructor() {
    super(`What the value refers to has more than ${referredBytesMax} bytes, which is what may be read at a time`);
  }
}

/**
 * A value with what they stand for in the place of references, for whoever has to wait for them.
 *
 * @throws {@link ReferredTooLargeError}, and what `read` throws.
 */
export async function wholeOf(value: JsonValue, read: (ref: PayloadRef) => Promise<JsonValue>): Promise<JsonValue> {
  let bytes = 0;
  const within = async (each: JsonValue): Promise<JsonValue> => {
    if (!holdsReference(each)) return each;
    const ref = asPayloadRef(each);
    if (ref !== undefined) {
      bytes += ref.length;
      if (bytes > referredBytesMax) throw new ReferredTooLargeError();
      return read(ref);
    }
    // One after the other, so that the bound holds before the next is read.
    if (isList(each)) {
      const items: JsonValue[] = [];
      for (const item of each) items.push(await within(item));
      return items;
    }
    const members: [string, JsonValue][] = [];
    for (const [name, member] of membersOf(each)) members.push([name, await within(member)]);
    return Object.fromEntries(members);
  };
  return within(value);
}
