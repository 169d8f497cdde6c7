import type { JsonValue } from '@chorda/kernel';

/** A type of CEL as far as it is known before a run: `dyn` is what only a run will tell, `number` an int or a double. */
export type TypeName =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'number'
  | 'string'
  | 'bytes'
  | 'null'
  | 'list'
  | 'map'
  | 'timestamp'
  | 'duration'
  | 'type'
  | 'dyn';

/** What is known of a value. */
export interface Known {
  readonly type: TypeName;
  /** Of a map: what is known of its members. */
  readonly members?: Readonly<Record<string, Known>>;
  /** Of a map: it has no members but these. */
  readonly isClosed?: boolean;
  /** Of a list. */
  readonly item?: Known;
}

export const dyn: Known = { type: 'dyn' };

export function closed(members: Readonly<Record<string, Known>>): Known {
  return { type: 'map', members, isClosed: true };
}

const ofJsonSchema: Readonly<Record<string, TypeName>> = {
  string: 'string',
  integer: 'int',
  number: 'number',
  boolean: 'bool',
  null: 'null',
  object: 'map',
  array: 'list',
};

const depthMax = 16;
type Schema = { readonly [keyword: string]: JsonValue };

/** What a JSON Schema says of the values that it allows, without looking into `$ref` and combinations. */
export function knownBySchema(schema: JsonValue | undefined, depth = 0): Known {
  if (!isSchema(schema) || depth > depthMax) return dyn;
  const { type, properties, items, additionalProperties } = schema;
  const name = typeof type === 'string' ? ofJsonSchema[type] : undefined;
  if (name === 'list') return { type: 'list', item: knownBySchema(items, depth + 1) };
  if (name !== 'map') return { type: name ?? 'dyn' };
  const members = isSchema(properties) ? Object.entries(properties) : [];
  return {
    type: 'map',
    members: Object.fromEntries(members.map(([member, own]) => [member, knownBySchema(own, depth + 1)])),
    isClosed: additionalProperties === false && schema['patternProperties'] === undefined,
  };
}

export function knownByValue(value: JsonValue): Known {
  switch (typeof value) {
    case 'string':
      return { type: 'string' };
    case 'boolean':
      return { type: 'bool' };
    case 'number':
      return { type: Number.isSafeInteger(value) ? 'int' : 'double' };
    default:
      break;
  }
  if (value === null) return { type: 'null' };
  if (Array.isArray(value)) return { type: 'list' };
  return closed(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, knownByValue(each)])));
}

export function isSchema(value: JsonValue | undefined): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What a value of which so much is known breaks of a schema, whatever a run brings: nothing where that is not known.
 *
 * @param pointer To the value, for what is said of its members.
 */
export function mismatches(
  known: Known,
  schema: JsonValue,
  pointer: string,
  depth = 0,
): readonly { readonly pointer: string; readonly detail: string }[] {
  if (!isSchema(schema) || depth > depthMax || known.type === 'dyn') return [];
  const { type } = schema;
  const wanted = (Array.isArray(type) ? type : [type]).filter((each) => typeof each === 'string');
  if (wanted.length > 0 && !wanted.some((each) => may(known.type, each))) {
    return [{ pointer, detail: `is ${shown[known.type]} where the schema wants ${wanted.join(' or ')}` }];
  }
  if (known.type !== 'map' || known.members === undefined) return [];
  const { members } = known;
  const { properties, required, additionalProperties } = schema;
  const declared = isSchema(properties) ? properties : {};
  const missing = (Array.isArray(required) ? required : [])
    .filter((name): name is string => typeof name === 'string')
    .filter((name) => known.isClosed === true && !Object.hasOwn(members, name))
    .map((name) => ({ pointer, detail: `has no ${name}, which the schema requires` }));
  const extra = Object.keys(members)
    .filter((name) => additionalProperties === false && known.isClosed === true && !Object.hasOwn(declared, name))
    .map((name) => ({ pointer, detail: `has ${name}, which the schema does not know` }));
  const inner = Object.entries(members).flatMap(([name, member]) =>
    Object.hasOwn(declared, name) ? mismatches(member, declared[name] ?? true, `${pointer}/${name}`, depth + 1) : [],
  );
  return [...missing, ...extra, ...inner];
}

const shown: Readonly<Record<TypeName, string>> = {
  bool: 'true or false',
  int: 'a whole number',
  uint: 'a whole number',
  double: 'a number',
  number: 'a number',
  string: 'a text',
  bytes: 'a text',
  null: 'null',
  list: 'a list',
  map: 'an object',
  timestamp: 'a text (a time)',
  duration: 'a number (of milliseconds)',
  type: 'a text',
  dyn: 'anything',
};

function may(type: TypeName, wanted: string): boolean {
  switch (wanted) {
    case 'string':
      return ['string', 'bytes', 'timestamp', 'type'].includes(type);
    case 'integer':
      // A double may turn out to be whole: 2.0 is 2 in JSON.
      return ['int', 'uint', 'number', 'double', 'duration'].includes(type);
    case 'number':
      return ['int', 'uint', 'number', 'double', 'duration'].includes(type);
    default:
      return ofJsonSchema[wanted] === type;
  }
}
