import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JsonSchemaCheck } from '@chorda/platform';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { workflowJsonSchema, workflowReference } from './workflow-schema.js';

const folder = join(import.meta.dirname, '../../../../docs/reference');
const written = (file: string, text: string): string => {
  if (process.env['CHORDA_WRITE'] === '1') writeFileSync(join(folder, file), text);
  return readFileSync(join(folder, file), 'utf8');
};

describe('the JSON Schema of definitions', () => {
  it('is published as it is, with a page of it', () => {
    const schema = `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`;
    expect(written('workflow.schema.json', schema)).toBe(schema);
    const page = `${workflowReference()}\n`;
    expect(written('workflows.md', page)).toBe(page);
  });

  it('takes what is right, and says where it is not', () => {
    const check = new JsonSchemaCheck(workflowJsonSchema());
    const example = readFileSync(join(import.meta.dirname, '../examples/order.yaml'), 'utf8');
    expect(check.issuesOf(parse(example))).toEqual([]);
    expect(check.issuesOf({ workflow: 'w', steps: { a: { kind: 'tool' } } })).not.toEqual([]);
    // It compiles a large schema, which takes a starved machine long.
  }, 60_000);
});
