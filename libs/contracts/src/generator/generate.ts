import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asyncApi } from './asyncapi.js';
import { referencePage } from './reference-page.js';
import { readSchemaFiles, type SchemaFile } from './schema-files.js';
import { eventTypesModule, jsonModule, messageSchemasModule, messageTypesModule, schemasModule } from './tables.js';
import { areaModule, areasModule, eventMapModule, idsModule, messageMapModule, modulesOf } from './typescript.js';

/** Where generated modules lie; nothing else may lie there. */
export const generatedFolder = 'libs/contracts/src/generated';

/** Every generated file by its path from the repository's root. Equal schemas give equal bytes. */
export function generatedFiles(files: readonly SchemaFile[]): ReadonlyMap<string, string> {
  const schemas = files.map((file) => file.schema);
  const isEvent = ({ kind }: SchemaFile['schema']) => kind === 'fact' || kind === 'decision';
  const events = files.filter((file) => isEvent(file.schema));
  const messages = files.filter((file) => !isEvent(file.schema));
  const texts = new Map<string, string>();
  const add = (name: string, text: (path: string) => string): void => {
    const path = `${generatedFolder}/${name}`;
    texts.set(path, text(path));
  };
  for (const [name, own] of modulesOf(schemas)) add(`${name}.ts`, (path) => areaModule(path, own));
  add('ids.ts', (path) => idsModule(path, schemas));
  add('areas.ts', (path) => areasModule(path, modulesOf(schemas)));
  const eventSchemas = events.map((file) => file.schema);
  add('event-map.ts', (path) => eventMapModule(path, eventSchemas));
  add('event-types.ts', (path) => eventTypesModule(path, events));
  add('schemas.ts', (path) => schemasModule(path, events));
  const messageSchemas = messages.map((file) => file.schema);
  add('message-map.ts', (path) => messageMapModule(path, messageSchemas));
  add('message-types.ts', (path) => messageTypesModule(path, messages));
  add('message-schemas.ts', (path) => messageSchemasModule(path, messages));
  const document = asyncApi(schemas);
  add('asyncapi.ts', (path) => jsonModule(path, 'asyncApiDocument', 'The log as AsyncAPI 3.', document));
  const page = 'docs/reference/events.md';
  texts.set(page, referencePage(page, schemas));
  return texts;
}

export function generate(root: string): readonly string[] {
  const texts = generatedFiles(readSchemaFiles(root));
  for (const path of strangers(root, texts)) rmSync(join(root, path));
  const written = [...texts].filter(([path, text]) => readIfThere(join(root, path)) !== text);
  for (const [path, text] of written) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return written.map(([path]) => path);
}

/** Paths whose content is not what the schemas say, or that should not be there. */
export function staleFiles(root: string): readonly string[] {
  const texts = generatedFiles(readSchemaFiles(root));
  const stale = [...texts].filter(([path, text]) => readIfThere(join(root, path)) !== text);
  return [...stale.map(([path]) => path), ...strangers(root, texts)];
}

/** An area that lost its last schema must lose its module too. */
function strangers(root: string, texts: ReadonlyMap<string, string>): readonly string[] {
  const folder = join(root, generatedFolder);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .map((name) => `${generatedFolder}/${name}`)
    .filter((path) => !texts.has(path));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
