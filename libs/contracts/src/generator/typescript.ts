import type { EventSchema, FieldType, RecordShape } from '../schema/event-schema.js';

/** The first line of every generated file. */
export function generatedLine(path: string): string {
  return `// ${path}: written by \`npm run contracts:generate\`, never by hand.\n`;
}

/** What the types of a module are: how they are declared, and what their union is called. */
const wordOf = { fact: 'Event', decision: 'Event', command: 'Command', work: 'Work', delta: 'Delta' } as const;

/** The module that a schema's type stands in: `agent` for events of the area, `agent-command` and `agent-work` beside it. */
export function moduleName({ area, kind }: EventSchema): string {
  return kind === 'fact' || kind === 'decision' ? area : `${area}-${kind}`;
}

/** Schemas by the module of their types, both in the order of their names. */
export function modulesOf(schemas: readonly EventSchema[]): ReadonlyMap<string, readonly EventSchema[]> {
  const names = [...new Set(schemas.map(moduleName))].sort();
  return new Map(names.map((name) => [name, schemas.filter((schema) => moduleName(schema) === name)]));
}

function unionName({ area, kind }: EventSchema): string {
  return `${pascal(area)}${wordOf[kind]}`;
}

function spaceName(module: string): string {
  return module.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Types of one area and kind: a type a record, its nested types, and the union of all. */
export function areaModule(path: string, schemas: readonly EventSchema[]): string {
  const [first] = schemas;
  if (!first) throw new TypeError(`${path} would be empty`);
  const word = wordOf[first.kind];
  const nested = new Map<string, string>();
  const brands = new Set<string>();
  const shared = new Set<string>();
  const events = schemas.map((schema) => {
    collect(schema.shape, nested, brands, shared);
    return `${docComment(schema.shape.doc, '')}export type ${schema.shape.name} = ${word}<\n  '${schema.type}',\n  ${members(schema.shape, '  ')}\n>;\n`;
  });
  const union = schemas.map((schema) => `\n  | ${schema.shape.name}`).join('');
  const areaEvent = `/** Every ${word.toLowerCase()} of area ${first.area}. */\nexport type ${unionName(first)} =${union};\n`;
  const eventImports = [word, ...[...shared].sort()].join(', ');
  const brandImport = brands.size ? `import type { ${[...brands].sort().join(', ')} } from './ids.js';\n` : '';
  const head = `${generatedLine(path)}import type { ${eventImports} } from '../event.js';\n${brandImport}`;
  return [head, ...nested.values(), ...events, areaEvent].join('\n');
}

/** Branded id types and the functions that make them. */
export function idsModule(path: string, schemas: readonly EventSchema[]): string {
  const brands = new Set<string>();
  for (const schema of schemas) collect(schema.shape, new Map(), brands, new Set());
  const parts = [...brands].sort().map((brand) => {
    const words = brand.replace(/(?<!^)([A-Z])/g, ' $1').toLowerCase();
    const name = brand.charAt(0).toLowerCase() + brand.slice(1);
    return [
      `export type ${brand} = Brand<string, '${brand}'>;`,
      `/** @throws {@link InvalidInputError} unless the text is 1 to 256 bytes of UTF-8. */`,
      `export const ${name} = (text: string): ${brand} => checkedId<${brand}>('${words.charAt(0).toUpperCase() + words.slice(1)}', text);\n`,
    ].join('\n');
  });
  const head = `${generatedLine(path)}import type { Brand } from '@chorda/kernel';\nimport { checkedId } from '../checked-id.js';\n`;
  return [head, ...parts].join('\n');
}

export function eventMapModule(path: string, schemas: readonly EventSchema[]): string {
  const areas = [...new Set(schemas.map((schema) => schema.area))].sort();
  const imports = areas.map((area) => `import type * as ${area} from './${area}.js';`).join('\n');
  const entries = schemas.map((schema) => `  readonly '${schema.type}': ${schema.area}.${schema.shape.name};`);
  const doc = '/** Every event type of the catalogue and its event. */';
  const defaults = schemas.map((schema) => {
    const paths = defaultedPaths(schema.shape, '').map((at) => ` | '${at}'`);
    return `  readonly '${schema.type}': ${paths.join('').slice(3) || 'never'};`;
  });
  const defaultsDoc =
    '/** Fields that a sender may leave out, since their schemas have a default; `a.b` is field b of the record, or of each record of the list, in field a. */';
  return [
    `${generatedLine(path)}${imports}\n`,
    `${doc}\nexport interface EventMap {\n${entries.join('\n')}\n}\n`,
    `${defaultsDoc}\nexport interface EventDefaults {\n${defaults.join('\n')}\n}\n`,
  ].join('\n');
}

/** Commands, work and deltas, in maps of their own: none is an event. */
export function messageMapModule(path: string, schemas: readonly EventSchema[]): string {
  const modules = modulesOf(schemas);
  const imports = [...modules.keys()].map((name) => `import type * as ${spaceName(name)} from './${name}.js';`);
  const map = (name: string, kind: EventSchema['kind'], doc: string): string => {
    const entries = schemas
      .filter((schema) => schema.kind === kind)
      .map((schema) => `  readonly '${schema.type}': ${spaceName(moduleName(schema))}.${schema.shape.name};`);
    return `/** ${doc} */\nexport interface ${name} {\n${entries.join('\n')}\n}\n`;
  };
  return [
    `${generatedLine(path)}${imports.join('\n')}\n`,
    map('CommandMap', 'command', 'Every type of command and its command.'),
    map('DeltaMap', 'delta', 'Every type of delta and its delta.'),
    map('WorkMap', 'work', 'Every type of work and its work.'),
  ].join('\n');
}

function defaultedPaths(shape: RecordShape, prefix: string): readonly string[] {
  return shape.fields.flatMap((field) => {
    const at = `${prefix}${field.name}`;
    const within = recordIn(field.type);
    return [...(field.default === undefined ? [] : [at]), ...(within ? defaultedPaths(within, `${at}.`) : [])];
  });
}

function recordIn(type: FieldType): RecordShape | undefined {
  if (type.kind === 'record') return type.record;
  if (type.kind === 'nullable') return recordIn(type.of);
  return type.kind === 'array' ? recordIn(type.items) : undefined;
}

/** The area namespaces, so that `workflow.Failed` and `agent.Failed` are told apart by the reader too. */
export function areasModule(path: string, modules: ReadonlyMap<string, readonly EventSchema[]>): string {
  const spaces = [...modules.keys()].map((name) => `export type * as ${spaceName(name)} from './${name}.js';`);
  const unions = [...modules].map(([name, [first]]) =>
    first === undefined ? '' : `export type { ${unionName(first)} } from './${name}.js';`,
  );
  return `${generatedLine(path)}${[...spaces, ...unions].join('\n')}\n`;
}

function collect(shape: RecordShape, nested: Map<string, string>, brands: Set<string>, shared: Set<string>): void {
  for (const field of shape.fields) collectType(field.type, nested, brands, shared);
}

function collectType(type: FieldType, nested: Map<string, string>, brands: Set<string>, shared: Set<string>): void {
  if (type.kind === 'nullable') return collectType(type.of, nested, brands, shared);
  if (type.kind === 'array') return collectType(type.items, nested, brands, shared);
  if ((type.kind === 'string' || type.kind === 'uuid') && type.brand) brands.add(type.brand);
  if (type.kind === 'json') shared.add('JsonText');
  if (type.kind === 'decimal') shared.add('Decimal');
  if (type.kind === 'timestamp') shared.add('TimestampMs');
  if (type.kind === 'enum') {
    const symbols = type.symbols.map((symbol) => `'${symbol}'`).join(' | ');
    addNested(nested, type.name, `${docComment(type.doc, '')}export type ${type.name} = ${symbols};\n`);
  }
  if (type.kind === 'record') {
    collect(type.record, nested, brands, shared);
    const body = members(type.record, '');
    addNested(
      nested,
      type.record.name,
      `${docComment(type.record.doc, '')}export interface ${type.record.name} ${body}\n`,
    );
  }
}

/** Schemas of an area may share a nested type by repeating it; two meanings of one name are refused. */
function addNested(nested: Map<string, string>, name: string, text: string): void {
  const known = nested.get(name);
  if (known !== undefined && known !== text) {
    throw new TypeError(`Two schemas of one area define ${name} differently: rename one or make them equal`);
  }
  nested.set(name, text);
}

function members(shape: RecordShape, indent: string): string {
  const lines = shape.fields.map((field) => {
    const notes = [field.doc, field.personal ? 'Personal data.' : ''].filter(Boolean).join(' ');
    return `${docComment(notes, `${indent}  `)}${indent}  readonly ${field.name}: ${typeText(field.type)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function typeText(type: FieldType): string {
  switch (type.kind) {
    case 'boolean':
      return 'boolean';
    case 'int':
    case 'float':
    case 'double':
      return 'number';
    case 'long':
      return type.safe ? 'number' : 'bigint';
    case 'string':
    case 'uuid':
      return type.brand ?? 'string';
    case 'json':
      return 'JsonText';
    case 'timestamp':
      return 'TimestampMs';
    case 'decimal':
      return 'Decimal';
    case 'enum':
      return type.name;
    case 'record':
      return type.record.name;
    case 'array':
      return type.items.kind === 'nullable'
        ? `readonly (${typeText(type.items)})[]`
        : `readonly ${typeText(type.items)}[]`;
    case 'nullable':
      return `${typeText(type.of)} | null`;
  }
}

function docComment(text: string, indent: string): string {
  return `${indent}/** ${text.replaceAll('*/', '* /')} */\n`;
}

function pascal(name: string): string {
  return name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}
