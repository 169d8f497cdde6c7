type Json = Readonly<Record<string, unknown>>;

/** Which way a value travels: what senders may write is narrowed by a change that readers never notice, and the other way about. */
type Direction = 'sent' | 'answered';

/**
 * What was released and no longer holds, each named. New operations, optional parameters, members of answers, and enum
 * values are no break.
 *
 * @param released An OpenAPI 3.1 document. @param current The one that would take its place.
 */
export function breakingChanges(released: unknown, current: unknown): readonly string[] {
  return new Comparison(asObject(released), asObject(current)).openApi();
}

/** Channels, messages and operations that were released and are gone; the schemas of the events have a gate of their own. */
export function breakingAsyncApiChanges(released: unknown, current: unknown): readonly string[] {
  const changes: string[] = [];
  for (const kind of ['channels', 'operations'] as const) {
    const now = asObject(asObject(current)[kind]);
    for (const [name, value] of Object.entries(asObject(asObject(released)[kind]))) {
      if (!(name in now)) changes.push(`${kind}/${name} was removed`);
      const messages = asObject(asObject(now[name])['messages']);
      for (const message of Object.keys(asObject(asObject(value)['messages']))) {
        if (name in now && !(message in messages)) changes.push(`${kind}/${name}: the message ${message} was removed`);
      }
    }
  }
  return changes;
}

class Comparison {
  private readonly changes: string[] = [];
  /** Schemas may hold themselves. */
  private readonly compared = new Set<string>();

  constructor(
    private readonly before: Json,
    private readonly after: Json,
  ) {}

  openApi(): readonly string[] {
    const pathsAfter = asObject(this.after['paths']);
    for (const [path, methods] of Object.entries(asObject(this.before['paths']))) {
      for (const [method, operation] of Object.entries(asObject(methods))) {
        const name = `${method.toUpperCase()} ${path}`;
        const now = asObject(pathsAfter[path])[method];
        if (now === undefined) this.changes.push(`${name} was removed`);
        else this.operation(name, asObject(operation), asObject(now));
      }
    }
    return this.changes;
  }

  private operation(name: string, before: Json, after: Json): void {
    if (before['operationId'] !== after['operationId']) this.changes.push(`${name}: the operationId was changed`);
    if (text(before['security']) !== text(after['security'])) this.changes.push(`${name}: another scope is needed`);
    this.parameters(name, asArray(before['parameters']), asArray(after['parameters']));
    const bodyBefore = asObject(before['requestBody']);
    const bodyAfter = asObject(after['requestBody']);
    if (bodyAfter['required'] === true && bodyBefore['required'] !== true) {
      this.changes.push(`${name}: a body is now required`);
    }
    this.content(`${name}: body`, bodyBefore, bodyAfter, 'sent');
    const responsesAfter = asObject(after['responses']);
    for (const [status, response] of Object.entries(asObject(before['responses']))) {
      const now = responsesAfter[status];
      // A refusal that no longer happens breaks nobody.
      if (now === undefined && Number(status) < 400) this.changes.push(`${name}: the answer ${status} was removed`);
      if (now !== undefined) this.content(`${name}: ${status}`, asObject(response), asObject(now), 'answered');
    }
  }

  private parameters(name: string, before: readonly Json[], after: readonly Json[]): void {
    const keyOf = (parameter: Json) => `${text(parameter['in'])} ${text(parameter['name'])}`;
    const known = new Map(before.map((parameter) => [keyOf(parameter), parameter]));
    for (const parameter of after) {
      const wasRequired = known.get(keyOf(parameter))?.['required'] === true;
      const what = known.has(keyOf(parameter)) ? 'is now required' : 'is new and required';
      if (parameter['required'] === true && !wasRequired) {
        this.changes.push(`${name}: the parameter ${text(parameter['name'])} ${what}`);
      }
    }
    const now = new Map(after.map((parameter) => [keyOf(parameter), parameter]));
    for (const [key, parameter] of known) {
      const other = now.get(key);
      const what = `${name}: the parameter ${text(parameter['name'])}`;
      if (other === undefined) this.changes.push(`${what} was removed`);
      else this.schema(what, parameter['schema'], other['schema'], 'sent');
    }
  }

  private content(name: string, before: Json, after: Json, direction: Direction): void {
    const now = asObject(after['content']);
    for (const [mediaType, media] of Object.entries(asObject(before['content']))) {
      const other = now[mediaType];
      if (other === undefined) this.changes.push(`${name}: ${mediaType} was removed`);
      else this.schema(name, asObject(media)['schema'], asObject(other)['schema'], direction);
    }
  }

  private schema(name: string, beforeValue: unknown, afterValue: unknown, direction: Direction): void {
    const pair = `${direction} ${text(asObject(beforeValue)['$ref'])} ${text(asObject(afterValue)['$ref'])}`;
    const isNamed = asObject(beforeValue)['$ref'] !== undefined;
    if (isNamed && this.compared.has(pair)) return;
    if (isNamed) this.compared.add(pair);
    const before = resolved(this.before, beforeValue);
    const after = resolved(this.after, afterValue);
    this.types(name, before, after, direction);
    this.bounds(name, before, after, direction);
    this.members(name, before, after, direction);
    if (before['items'] !== undefined) this.schema(`${name}[]`, before['items'], after['items'], direction);
    for (const word of ['oneOf', 'anyOf', 'allOf']) {
      const now = asArray(after[word]);
      asArray(before[word]).forEach((choice, index) => {
        if (now[index] === undefined) this.changes.push(`${name}: a form of it was removed`);
        else this.schema(name, choice, now[index], direction);
      });
    }
  }

  private types(name: string, before: Json, after: Json, direction: Direction): void {
    const values = (schema: Json) =>
      'const' in schema ? [schema['const']] : (schema['enum'] as unknown[] | undefined);
    const gone = (values(before) ?? []).filter((value) => values(after)?.includes(value) === false);
    for (const value of gone) this.changes.push(`${name}: the value ${text(value)} was removed`);
    if (direction === 'sent' && values(before) === undefined && values(after) !== undefined) {
      this.changes.push(`${name} takes only some values now`);
    }
    const types = (schema: Json) => [schema['type'] ?? []].flat().map(text);
    const [was, is] = [types(before), types(after)];
    // Who sends needs every old type to be taken; who reads is only ready for the old ones.
    const lost =
      direction === 'sent' ? was.filter((type) => !is.includes(type)) : is.filter((type) => !was.includes(type));
    if (lost.length > 0 && was.length > 0 && is.length > 0) {
      this.changes.push(`${name}: the type was ${was.join(' or ')} and is ${is.join(' or ')}`);
    }
  }

  private bounds(name: string, before: Json, after: Json, direction: Direction): void {
    if (direction !== 'sent') return;
    for (const word of ['maximum', 'maxLength', 'maxItems']) {
      if (numberIn(after, word, Infinity) < numberIn(before, word, Infinity))
        this.changes.push(`${name}: ${word} is lower`);
    }
    for (const word of ['minimum', 'minLength', 'minItems']) {
      if (numberIn(after, word, -Infinity) > numberIn(before, word, -Infinity))
        this.changes.push(`${name}: ${word} is higher`);
    }
  }

  private members(name: string, before: Json, after: Json, direction: Direction): void {
    const [was, is] = [asObject(before['properties']), asObject(after['properties'])];
    for (const [member, schema] of Object.entries(was)) {
      if (is[member] === undefined) this.changes.push(`${name}: the field ${member} was removed`);
      else this.schema(`${name}.${member}`, schema, is[member], direction);
    }
    const required = (schema: Json) => [schema['required'] ?? []].flat().map(text);
    if (direction === 'sent') {
      const added = required(after).filter((member) => !required(before).includes(member));
      for (const member of added) this.changes.push(`${name}: the field ${member} is now required`);
    } else {
      const dropped = required(before).filter(
        (member) => is[member] !== undefined && !required(after).includes(member),
      );
      for (const member of dropped) this.changes.push(`${name}: the field ${member} may now be missing`);
    }
  }
}

function resolved(document: Json, value: unknown): Json {
  const schema = asObject(value);
  const { $ref: reference } = schema;
  if (typeof reference !== 'string') return schema;
  const name = reference.replace('#/components/schemas/', '');
  return asObject(asObject(asObject(document['components'])['schemas'])[name]);
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function asArray(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

function numberIn(schema: Json, word: string, otherwise: number): number {
  const value = schema[word];
  return typeof value === 'number' ? value : otherwise;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
