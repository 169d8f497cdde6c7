import type { Assign, Duration, Expression, Template } from '@chorda/domain';
import { InvalidInputError, type JsonValue } from '@chorda/kernel';
import { JsonSchemaCheck } from '@chorda/platform';
import { durationMsOf } from '../document/durations.js';
import { inheritedNameRule } from '../document/parts.js';
import type { AssignDocument, DurationDocument, FlowDocument, SchemaDocument } from '../document/types.js';
import { checkJq } from '../expressions/jq/jq-program.js';
import { Faults, within } from '../source/fault.js';
import { checkCel, type ScopeTypes } from '../types/check-cel.js';
import { closed, dyn, knownByValue, mismatches, type Known } from '../types/known.js';
import { fits } from '../types/signatures.js';
import type { CompiledFlow, FlowPlace } from './compile-flow.js';
import { conditionOf, partsOfText } from './template-text.js';

export interface Made {
  readonly template: Template;
  readonly known: Known;
}

/** Turns what stands in a document into parts of the form, and gathers what is wrong with it. */
export class Compiler {
  readonly faults = new Faults();

  /**
   * @param flow Compiles a flow within a step: steps and flows are within each other.
   * @param isWorkflow Whether a sub-workflow is there; left out where nobody can say.
   */
  constructor(
    readonly flow: (document: FlowDocument, place: FlowPlace) => CompiledFlow,
    readonly isWorkflow: (name: string) => boolean = () => true,
  ) {}

  /** Null for what was left out. */
  template(value: JsonValue | undefined, pointer: string, scope: ScopeTypes): Made | null {
    return value === undefined ? null : this.made(value, pointer, scope);
  }

  /** @param otherwise Known of a template that was left out. */
  optional(value: JsonValue | undefined, pointer: string, scope: ScopeTypes): Template | null {
    return this.template(value, pointer, scope)?.template ?? null;
  }

  made(value: JsonValue, pointer: string, scope: ScopeTypes): Made {
    if (typeof value === 'string') return this.text(value, pointer, scope);
    if (typeof value !== 'object' || value === null) return literal(value);
    if (isList(value)) {
      const items = value.map((each, index) => this.made(each, within(pointer, index), scope));
      if (items.every(({ template }) => template.kind === 'value')) return literal(items.map(valueOf));
      return { template: { kind: 'list', items: items.map(({ template }) => template) }, known: { type: 'list' } };
    }
    const members = Object.entries(value).map(
      ([name, each]) => [name, this.made(each, within(pointer, name), scope)] as const,
    );
    if (members.every(([, { template }]) => template.kind === 'value')) {
      return literal(Object.fromEntries(members.map(([name, each]) => [name, valueOf(each)])));
    }
    return {
      template: {
        kind: 'object',
        members: Object.fromEntries(members.map(([name, { template }]) => [name, template])),
      },
      known: closed(Object.fromEntries(members.map(([name, { known }]) => [name, known]))),
    };
  }

  condition(text: string | undefined, pointer: string, scope: ScopeTypes): Expression | null {
    if (text === undefined) return null;
    const expression = conditionOf(text);
    const { type } = this.expression(expression, pointer, scope);
    if (!fits(type, 'bool')) this.faults.add(pointer, `must say true or false; this is of type ${type}`);
    return expression;
  }

  /** An expression that may come to anything. */
  value(text: string | undefined, pointer: string, scope: ScopeTypes): Expression | null {
    if (text === undefined) return null;
    const expression = conditionOf(text);
    this.expression(expression, pointer, scope);
    return expression;
  }

  /** @param value As its schema allowed it. */
  delay(value: DurationDocument, pointer: string, scope: ScopeTypes): Duration {
    const ms = durationMsOf(value);
    if (ms !== undefined) return { kind: 'ms', ms };
    const expression = conditionOf(String(value));
    const { type } = this.expression(expression, pointer, scope);
    if (!['number', 'string', 'duration'].some((wanted) => fits(type, wanted as Known['type']))) {
      this.faults.add(pointer, `must come to milliseconds or an ISO 8601 duration; this is of type ${type}`);
    }
    return { kind: 'expression', expression };
  }

  optionalDelay(value: DurationDocument | undefined, pointer: string, scope: ScopeTypes): Duration | null {
    return value === undefined ? null : this.delay(value, pointer, scope);
  }

  assign(document: AssignDocument | undefined, pointer: string, scope: ScopeTypes): readonly Assign[] {
    if (document === undefined) return [];
    const groups = isGroups(document) ? document.map((each, index) => [within(pointer, index), each] as const) : [];
    const all = groups.length > 0 || isGroups(document) ? groups : [[pointer, document] as const];
    return all.flatMap(([place, group]) =>
      Object.entries(group).map(([name, value]) => {
        const path = name === '' ? [] : name.split('.');
        if (path.includes('')) this.faults.add(within(place, name), 'must be names with a dot between two of them');
        if (path.includes('__proto__')) this.faults.add(within(place, name), inheritedNameRule);
        return { path, value: this.made(value, within(place, name), scope).template };
      }),
    );
  }

  /** Null for one that was left out. */
  schema(schema: SchemaDocument | undefined, pointer: string): JsonValue | null {
    if (schema === undefined) return null;
    try {
      void new JsonSchemaCheck(schema);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      for (const { pointer: inner, detail } of error.issues) {
        this.faults.add(`${pointer}${inner}`, `must be a JSON Schema: ${detail}`);
      }
      return null;
    }
    return schema;
  }

  /** Holds a template against the schema of what it makes, as far as both are known. */
  fitting(made: Made | null, schema: JsonValue | null, pointer: string): void {
    if (made === null || schema === null) return;
    const issues =
      made.template.kind === 'value'
        ? new JsonSchemaCheck(schema).issuesOf(made.template.value).map((issue) => ({
            pointer: `${pointer}${issue.pointer}`,
            detail: `${issue.detail}, says the schema`,
          }))
        : mismatches(made.known, schema, pointer);
    for (const issue of issues) this.faults.add(issue.pointer, issue.detail);
  }

  private text(text: string, pointer: string, scope: ScopeTypes): Made {
    const parts = partsOfText(text);
    if (parts === undefined) {
      this.faults.add(pointer, 'has a ${ without its }; write $${ for a plain ${');
      return literal(text);
    }
    const known = parts.map((part) => (typeof part === 'string' ? undefined : this.expression(part, pointer, scope)));
    const [first] = parts;
    if (first === undefined) return literal('');
    if (parts.length > 1) return { template: { kind: 'text', parts }, known: { type: 'string' } };
    if (typeof first === 'string') return literal(first);
    return { template: { kind: 'expression', expression: first }, known: known[0] ?? dyn };
  }

  private expression({ language, text }: Expression, pointer: string, scope: ScopeTypes): Known {
    try {
      if (language === 'cel') return checkCel(text, scope);
      const unknown = [...checkJq(text).variables].find((name) => !Object.hasOwn(scope, name));
      if (unknown !== undefined) this.faults.add(pointer, `names $${unknown}, which is not known here`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.faults.add(pointer, error.message);
    }
    return dyn;
  }
}

function literal(value: JsonValue): Made {
  return { template: { kind: 'value', value }, known: knownByValue(value) };
}

function valueOf({ template }: Made): JsonValue {
  return template.kind === 'value' ? template.value : null;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isGroups(document: AssignDocument): document is Extract<AssignDocument, readonly unknown[]> {
  return Array.isArray(document);
}
