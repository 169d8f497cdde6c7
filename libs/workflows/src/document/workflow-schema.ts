import type { JsonValue } from '@chorda/kernel';
import { z } from 'zod';
import { workflowSchema } from './workflow-document.js';

/** JSON Schema of a definition, for editors: it says what each member is, and completes it. */
export function workflowJsonSchema(): { readonly [keyword: string]: JsonValue } {
  const schema = z.toJSONSchema(workflowSchema, { io: 'input', unrepresentable: 'any' });
  const made: { readonly [keyword: string]: JsonValue } = JSON.parse(JSON.stringify(schema));
  return made;
}

/** The page of it: each part with its members. */
export function workflowReference(): string {
  const { $defs } = workflowJsonSchema();
  const parts = Object.entries(Object($defs)).filter(([, part]) => Object(part).properties !== undefined);
  return [
    '<!-- Written by `CHORDA_WRITE=1 npx vitest run --project unit libs/workflows/src/document`, never by hand. -->',
    '# Definitions of workflows',
    'Every member that a definition may have, made of [the JSON Schema](workflow.schema.json) that editors complete it by. How one is written: [write a workflow](../how-to/write-a-workflow.md).',
    ...parts.filter(([name]) => !name.startsWith('__')).map(([name, part]) => partOf(name, Object(part))),
  ].join('\n\n');
}

function partOf(name: string, part: { readonly [keyword: string]: JsonValue }): string {
  const required = new Set<unknown>(Array.isArray(part['required']) ? part['required'] : []);
  const rows = Object.entries(Object(part['properties'])).map(([member, schema]) => {
    const said = String(Object(schema).description ?? '').replaceAll('|', '\\|');
    return `| \`${member}\` | ${required.has(member) ? 'yes' : ''} | ${said} |`;
  });
  const about = typeof part['description'] === 'string' ? [part['description']] : [];
  return [`## ${name}`, ...about, ['| member | required | |', '| --- | --- | --- |', ...rows].join('\n')].join('\n\n');
}
