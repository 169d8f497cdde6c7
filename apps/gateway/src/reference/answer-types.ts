type Schema = Readonly<Record<string, unknown>>;

const head = `// Written by \`npm run api:release\` from docs/reference/openapi.json, never by hand.
`;

/** \`libs/client/src/generated/answers.ts\`: a type for every schema of the document, by its name there. */
export function answerTypes(document: unknown): string {
  const schemas = Object.entries(objectIn(objectIn(objectIn(document)['components'])['schemas']));
  const types = schemas.map(([name, value]) => {
    const schema = objectIn(value);
    return `${comment(schema)}export type ${name} = ${typeOf(schema, '')};`;
  });
  return `${head}\n${types.join('\n\n')}\n`;
}

function typeOf(schema: Schema, indent: string): string {
  const { $ref: reference, enum: values, type } = schema;
  if (typeof reference === 'string') return reference.replace('#/components/schemas/', '');
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(values)) return values.map((value) => literal(value)).join(' | ');
  for (const [word, sign] of [
    ['oneOf', ' | '],
    ['anyOf', ' | '],
    ['allOf', ' & '],
  ] as const) {
    const choices = schema[word];
    if (Array.isArray(choices)) return choices.map((choice) => typeOf(objectIn(choice), indent)).join(sign);
  }
  const types = [type ?? (schema['properties'] === undefined ? [] : 'object')].flat();
  if (types.length === 0) return 'unknown';
  return types.map((each) => ofType(String(each), schema, indent)).join(' | ');
}

function ofType(type: string, schema: Schema, indent: string): string {
  switch (type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `readonly ${inBrackets(typeOf(objectIn(schema['items']), indent))}[]`;
    case 'object':
      return members(schema, indent);
    default:
      return type;
  }
}

function members(schema: Schema, indent: string): string {
  const properties = Object.entries(objectIn(schema['properties']));
  if (properties.length === 0) return 'Readonly<Record<string, unknown>>';
  const required = [schema['required'] ?? []].flat();
  const inner = `${indent}  `;
  const lines = properties.map(([name, value]) => {
    const property = objectIn(value);
    const mark = required.includes(name) ? '' : '?';
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return `${comment(property, inner)}${inner}readonly ${key}${mark}: ${typeOf(property, inner)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function inBrackets(text: string): string {
  return /^[\w'.]+$/.test(text) || text.startsWith('{') ? text : `(${text})`;
}

function comment({ description }: Schema, indent = ''): string {
  return typeof description === 'string' ? `${indent}/** ${description.replaceAll('*/', '* /')} */\n` : '';
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function objectIn(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
