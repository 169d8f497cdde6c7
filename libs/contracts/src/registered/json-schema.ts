import { InvalidInputError, type Issue, type JsonValue } from '@chorda/kernel';
import { isAvroObject, isList, type AvroJson, type AvroObject } from '../schema/avro.js';

const snakeCase = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const depthMax = 16;
const recordsMax = 200;
/** Replaced by the name of the type. */
const topName = 'Event';

/**
 * The Avro record that events of a JSON Schema are written as. What Avro can say is said in Avro, so that readers in any
 * language get fields with types; what it cannot say (`oneOf`, free objects, lists of either) becomes a field that keeps
 * the JSON value as its text. Bounds, patterns and formats are for the door to check, by the JSON Schema itself.
 *
 * - `string`, `boolean`, `number`, `integer` (at most 2^53-1), `array` of one type, `object` with `properties`: as such;
 * - a property that is not required, or may be null: `["null", T]`;
 * - everything else: any JSON value.
 *
 * @param schema Draft 2020-12 or 07; the top level is an object with properties.
 * @throws {@link InvalidInputError} with JSON pointers into the schema.
 */
export function avroOfJsonSchema(schema: JsonValue): AvroJson {
  const reader = new JsonSchemaReader(schema);
  const record = reader.top();
  if (reader.issues.length > 0) throw new InvalidInputError('JSON Schema', reader.issues);
  return record;
}

class JsonSchemaReader {
  readonly issues: Issue[] = [];
  private readonly names = new Set<string>();

  constructor(private readonly root: JsonValue) {}

  top(): AvroJson {
    const schema = this.resolved(this.root, '');
    if (!isAvroObject(schema) || !isAvroObject(schema['properties'])) {
      this.refuse('', 'must be an object with properties');
      return {};
    }
    return this.record(schema, topName, '', 1);
  }

  private record(schema: AvroObject, name: string, pointer: string, depth: number): AvroObject {
    if (this.names.size >= recordsMax) {
      this.refuse(pointer, `has more than ${recordsMax} objects in objects, as a schema that holds itself would`);
      return { type: 'record', name, fields: [] };
    }
    const unique = this.unique(name);
    const properties = isAvroObject(schema['properties']) ? schema['properties'] : {};
    const required = new Set(isList(schema['required']) ? schema['required'].map(String) : []);
    const fields = Object.entries(properties).map(([property, value]) =>
      this.field(property, value, required.has(property), unique, `${pointer}/properties/${property}`, depth),
    );
    if (fields.length === 0) this.refuse(`${pointer}/properties`, 'must hold at least one property');
    return { type: 'record', name: unique, ...docOf(schema), fields };
  }

  private field(
    name: string,
    given: JsonValue,
    required: boolean,
    parent: string,
    pointer: string,
    depth: number,
  ): AvroObject {
    if (!snakeCase.test(name)) this.refuse(pointer, 'a property must be named in snake_case');
    const schema = this.resolved(given, pointer);
    const { type, mayBeNull } = this.typeOf(schema, recordName(parent, name), pointer, depth);
    const doc = isAvroObject(schema) ? docOf(schema) : {};
    if (required && !mayBeNull) return { name, type, ...doc };
    return { name, type: ['null', type], default: null, ...doc };
  }

  private typeOf(
    schema: JsonValue,
    name: string,
    pointer: string,
    depth: number,
  ): { type: JsonValue; mayBeNull: boolean } {
    if (!isAvroObject(schema)) return { type: anyJson, mayBeNull: true };
    const given = schema['type'];
    const types = isList(given) ? given.map(String) : typeof given === 'string' ? [given] : [];
    const mayBeNull = types.includes('null');
    const [only, ...others] = types.filter((type) => type !== 'null');
    const isMixed = only === undefined || others.length > 0 || combinators.some((key) => schema[key] !== undefined);
    // A value of any kind may itself be null; its text says so.
    if (isMixed || depth >= depthMax) return { type: anyJson, mayBeNull };
    return { type: this.single(only, schema, name, pointer, depth), mayBeNull };
  }

  private single(type: string, schema: AvroObject, name: string, pointer: string, depth: number): JsonValue {
    switch (type) {
      case 'string':
      case 'boolean':
        return type;
      case 'integer':
        return { type: 'long', range: 'safe' };
      case 'number':
        return 'double';
      case 'array':
        return this.array(schema, name, pointer, depth);
      case 'object':
        return this.object(schema, name, pointer, depth);
      default:
        this.refuse(`${pointer}/type`, `${JSON.stringify(type)} is no type of JSON Schema`);
        return 'string';
    }
  }

  private array(schema: AvroObject, name: string, pointer: string, depth: number): JsonValue {
    const items = this.resolved(schema['items'] ?? true, `${pointer}/items`);
    const { type, mayBeNull } = this.typeOf(items, name, `${pointer}/items`, depth + 1);
    // A list whose items may be null, or are of several kinds, is a JSON value as a whole.
    if (mayBeNull || type === anyJson || isList(schema['prefixItems'])) return anyJson;
    return { type: 'array', items: type };
  }

  /** Only what lists all its properties can be a record: others would lose what they do not name. */
  private object(schema: AvroObject, name: string, pointer: string, depth: number): JsonValue {
    const isClosed = schema['additionalProperties'] === false && schema['patternProperties'] === undefined;
    if (!isClosed || !isAvroObject(schema['properties'])) return anyJson;
    return this.record(schema, name, pointer, depth + 1);
  }

  /** Follows references inside the document; what is elsewhere is not fetched. */
  private resolved(schema: JsonValue, pointer: string): JsonValue {
    let found = schema;
    for (let step = 0; isAvroObject(found) && typeof found['$ref'] === 'string'; step++) {
      const reference = found['$ref'];
      if (!reference.startsWith('#') || step >= depthMax) {
        this.refuse(`${pointer}/$ref`, 'must point into this document, and not in a circle');
        return true;
      }
      const target = this.at(reference.slice(1));
      if (target === undefined) {
        this.refuse(`${pointer}/$ref`, `${reference.slice(0, 100)} is not there`);
        return true;
      }
      found = target;
    }
    return found;
  }

  private at(path: string): JsonValue | undefined {
    let found: JsonValue | undefined = this.root;
    for (const part of path.split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      found = isAvroObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
    }
    return found;
  }

  /** Avro wants a name for every record, and each only once. */
  private unique(name: string): string {
    let free = name;
    for (let count = 2; this.names.has(free); count++) free = `${name}${count}`;
    this.names.add(free);
    return free;
  }

  private refuse(pointer: string, detail: string): void {
    if (this.issues.length < 100) this.issues.push({ pointer, detail });
  }
}

const combinators = ['oneOf', 'anyOf', 'allOf', 'not', 'if', '$dynamicRef'] as const;

const anyJson: JsonValue = { type: 'string', json: true };

function docOf(schema: AvroObject): { readonly doc?: string } {
  const text = schema['description'] ?? schema['title'];
  return typeof text === 'string' && text.trim() !== '' ? { doc: text.slice(0, 2_000) } : {};
}

/** By the path, so that a new property never renames the record of another. */
function recordName(parent: string, property: string): string {
  return `${parent === topName ? '' : parent}${pascalCase(property)}`;
}

function pascalCase(name: string): string {
  const words = name.split('_').filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') || 'Part';
}
