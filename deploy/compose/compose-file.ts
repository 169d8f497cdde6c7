import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What the checks look at; the published schema covers the rest. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly user?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Anchors and merge keys resolved, as Compose does it; variables left as they are written. */
export function parseCompose(text: string): unknown {
  return parse(text, { merge: true });
}

/** Every place where the file breaks the Compose Specification's own schema. */
export function schemaFaults(file: unknown): readonly string[] {
  const require = createRequire(import.meta.url);
  const schemaPath = join(dirname(require.resolve('dclint/package.json')), 'schemas', 'compose.schema.json');
  const schema: unknown = JSON.parse(readFileSync(schemaPath, 'utf8'));
  // The published schema names draft-07 by a URL that ajv does not know, and has formats of Compose's own.
  const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false, formats: composeFormats });
  addFormats.default(ajv);
  const { $schema: _draft, ...rules } = schema as Record<string, unknown>;
  const validate = ajv.compile(rules);
  if (validate(file)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

const composeFormats = {
  ports: (text: string) => /^[\d.:a-z-]+(\/(tcp|udp|sctp))?$/i.test(text),
  expose: (text: string | number) => /^\d+(-\d+)?(\/[a-z]+)?$/.test(String(text)),
  subnet_ip_address: () => true,
};
