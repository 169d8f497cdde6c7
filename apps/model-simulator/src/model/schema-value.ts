import { patternText } from './pattern-text.js';
import { wholeBetween, type Random } from './random.js';
import { UnsupportedSchemaError } from './unsupported-schema-error.js';

export type JsonSchema = boolean | { readonly [keyword: string]: unknown };
type SchemaObject = Exclude<JsonSchema, boolean>;

/** Past it only what must be there is there, so that a schema that names itself comes to an end. */
const depthOptional = 4;
const depthMax = 64;
const valuesMax = 10_000;
const charactersMax = 1_000_000;

/** Keywords that say what must not be, which cannot be followed by writing down what may be. */
const unsupported = [
  'not',
  'if',
  'patternProperties',
  'propertyNames',
  'contains',
  'dependentSchemas',
  'dependentRequired',
];

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T09:30:00Z',
  date: '2026-01-31',
  time: '09:30:00Z',
  duration: 'PT1H',
  email: 'simulated@example.com',
  hostname: 'simulated.example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/simulated',
  'uri-reference': '/simulated',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/**
 * A value that a JSON Schema accepts, the same for the same schema and chance.
 *
 * @throws {@link UnsupportedSchemaError} when the schema asks for what the simulator cannot follow, or for nothing.
 */
export function schemaValue(schema: JsonSchema, random: Random): unknown {
  return new SchemaWriter(schema, random).value(schema, 0, 'value');
}

class SchemaWriter {
  private values = 0;
  private characters = 0;

  constructor(
    private readonly root: JsonSchema,
    private readonly random: Random,
  ) {}

  value(given: JsonSchema, depth: number, name: string): unknown {
    this.values += 1;
    if (depth > depthMax || this.values > valuesMax) throw new UnsupportedSchemaError('The schema has no end.');
    const schema = this.resolved(given);
    if ('const' in schema) return schema['const'];
    if (Array.isArray(schema['enum'])) {
      const options: readonly unknown[] = schema['enum'];
      return options[wholeBetween(0, options.length - 1, this.random)];
    }
    switch (this.typeOf(schema, depth)) {
      case 'object':
        return this.object(schema, depth);
      case 'array':
        return this.array(schema, depth, name);
      case 'integer':
        return this.number(schema, true);
      case 'number':
        return this.number(schema, false);
      case 'boolean':
        return this.random() < 0.5;
      case 'null':
        return null;
      default:
        return this.string(schema, name);
    }
  }

  /** References followed, `allOf` put together, one of `anyOf` or `oneOf` taken. */
  private resolved(given: JsonSchema, hops = 0): SchemaObject {
    if (given === false || hops > depthMax) throw new UnsupportedSchemaError('The schema accepts no value.');
    if (given === true) return {};
    const keyword = unsupported.find((name) => name in given);
    if (keyword !== undefined) throw new UnsupportedSchemaError(`The schema has ${keyword}, which is not simulated.`);
    const { $ref, allOf, anyOf, oneOf, ...own } = given;
    let schema: SchemaObject = own;
    if (typeof $ref === 'string') schema = merged(schema, this.resolved(this.definition($ref), hops + 1));
    for (const part of schemasIn(allOf)) schema = merged(schema, this.resolved(part, hops + 1));
    for (const options of [schemasIn(anyOf), schemasIn(oneOf)]) {
      // The last is taken where the schema names itself: `null` usually stands there.
      const option = hops > depthOptional ? options.at(-1) : options[wholeBetween(0, options.length - 1, this.random)];
      if (option !== undefined) schema = merged(schema, this.resolved(option, hops + 1));
    }
    return schema;
  }

  private definition(ref: string): JsonSchema {
    let at: unknown = this.root;
    for (const step of ref.replace(/^#\/?/, '').split('/')) {
      if (step === '') continue;
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
    }
    if (!ref.startsWith('#') || !isSchema(at)) throw new UnsupportedSchemaError(`There is no ${ref} in the schema.`);
    return at;
  }

  private typeOf(schema: SchemaObject, depth: number): string {
    const { type } = schema;
    if (typeof type === 'string') return type;
    if (Array.isArray(type)) {
      const types = type.filter((one) => typeof one === 'string');
      if (depth > depthOptional && types.includes('null')) return 'null';
      return types[wholeBetween(0, types.length - 1, this.random)] ?? 'string';
    }
    if ('properties' in schema || 'required' in schema) return 'object';
    if ('items' in schema || 'prefixItems' in schema) return 'array';
    if ('minimum' in schema || 'maximum' in schema) return 'number';
    return 'string';
  }

  private object(schema: SchemaObject, depth: number): Record<string, unknown> {
    const properties = recordIn(schema['properties']);
    const required = new Set(stringsIn(schema['required']));
    const value: Record<string, unknown> = {};
    const put = (key: string, one: unknown) =>
      // A property named `__proto__` is one like any other.
      Object.defineProperty(value, key, { value: one, enumerable: true, configurable: true, writable: true });
    for (const [key, property] of Object.entries(properties)) {
      if (!required.has(key) && (depth >= depthOptional || property === false)) continue;
      if (!isSchema(property)) throw new UnsupportedSchemaError(`The property ${key} has no schema.`);
      put(key, this.value(property, depth + 1, key));
    }
    const additional = schema['additionalProperties'];
    const more: JsonSchema = isSchema(additional) && additional !== true ? additional : { type: 'string' };
    for (const key of required) if (!Object.hasOwn(value, key)) put(key, this.value(more, depth + 1, key));
    const least = numberIn(schema['minProperties']) ?? 0;
    for (let index = 1; Object.keys(value).length < least; index += 1) {
      put(`simulated_${index}`, this.value(more, depth + 1, `simulated_${index}`));
    }
    return value;
  }

  private array(schema: SchemaObject, depth: number, name: string): unknown[] {
    const first = schemasIn(schema['prefixItems']);
    const rest = isSchema(schema['items']) ? schema['items'] : true;
    const least = numberIn(schema['minItems']) ?? 0;
    const most = numberIn(schema['maxItems']) ?? Infinity;
    const wanted = depth >= depthOptional || rest === false ? least : Math.max(least, first.length + 1);
    const values: unknown[] = [];
    const seen = new Set<string>();
    for (let tries = 0; values.length < Math.min(wanted, most); tries += 1) {
      if (tries > 100 + 10 * wanted) throw new UnsupportedSchemaError('The schema asks for more items than differ.');
      const item = this.value(first[values.length] ?? rest, depth + 1, `${name} ${tries + 1}`);
      const text = JSON.stringify(item);
      if (schema['uniqueItems'] === true && seen.has(text)) continue;
      seen.add(text);
      values.push(item);
    }
    return values;
  }

  private number(schema: SchemaObject, isWhole: boolean): number {
    const above = numberIn(schema['exclusiveMinimum']) ?? -Infinity;
    const below = numberIn(schema['exclusiveMaximum']) ?? Infinity;
    const step = numberIn(schema['multipleOf']) ?? (isWhole ? 1 : 0.5);
    const [low, high] = [numberIn(schema['minimum']) ?? -Infinity, numberIn(schema['maximum']) ?? Infinity];
    const min = Math.max(low, above);
    const max = Math.min(high, below);
    const start = min > -Infinity ? min : Math.min(0, max - 100 * step);
    const firstMultiple = Math.ceil(start / step) + (Math.ceil(start / step) * step <= above ? 1 : 0);
    const end = max < Infinity ? max : start + 100 * step;
    const lastMultiple = Math.floor(end / step) - (Math.floor(end / step) * step >= below ? 1 : 0);
    if (firstMultiple <= lastMultiple) {
      const value = wholeBetween(firstMultiple, lastMultiple, this.random) * step;
      // Through the text, because 3 * 0.1 is not 0.3; what is whole would lose digits there.
      return Number.isInteger(step) ? value : Number(value.toPrecision(12));
    }
    if (isWhole || 'multipleOf' in schema || min > max || (min === max && (above === min || below === max))) {
      throw new UnsupportedSchemaError('The schema asks for a number between bounds that leave none.');
    }
    return (min + max) / 2;
  }

  private string(schema: SchemaObject, name: string): string {
    const { pattern, format } = schema;
    if (typeof pattern === 'string') return patternText(pattern, this.random);
    const least = numberIn(schema['minLength']) ?? 0;
    const most = numberIn(schema['maxLength']) ?? Infinity;
    const known = typeof format === 'string' ? formats[format] : undefined;
    if (known !== undefined) return known;
    const text = `simulated ${name}`;
    this.characters += least;
    if (this.characters > charactersMax)
      throw new UnsupportedSchemaError('The schema asks for a text that is too long.');
    return Array.from(text.padEnd(least, ' simulated')).slice(0, most).join('');
  }
}

function merged(one: SchemaObject, other: SchemaObject): SchemaObject {
  const result: Record<string, unknown> = { ...other, ...one };
  if ('properties' in one || 'properties' in other) {
    result['properties'] = { ...recordIn(other['properties']), ...recordIn(one['properties']) };
  }
  if ('required' in one || 'required' in other) {
    result['required'] = [...new Set([...stringsIn(one['required']), ...stringsIn(other['required'])])];
  }
  const tightest = {
    minimum: Math.max,
    minLength: Math.max,
    minItems: Math.max,
    maximum: Math.min,
    maxLength: Math.min,
  };
  for (const [keyword, choose] of Object.entries(tightest)) {
    const [a, b] = [numberIn(one[keyword]), numberIn(other[keyword])];
    if (a !== undefined && b !== undefined) result[keyword] = choose(a, b);
  }
  return result;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

function schemasIn(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function stringsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
