import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '@chorda/kernel';
import { JsonSchemaCheck } from './json-schema-check.js';

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['sku', 'count'],
  properties: {
    sku: { type: 'string', pattern: '^(a+)+$' },
    code: { type: 'string', pattern: '^b$' },
    count: { type: 'integer', minimum: 1 },
    when: { type: 'string', format: 'date-time' },
    mail: { type: 'string', format: 'email' },
  },
};

describe('a check by JSON Schema', () => {
  const check = new JsonSchemaCheck(schema);

  it('finds nothing in what is lawful', () => {
    expect(check.issuesOf({ sku: 'aa', code: 'b', count: 1, when: '2026-11-21T10:00:00Z' })).toEqual([]);
  });

  it.each([
    [{ sku: 'b', count: 1 }, '/sku'],
    [{ sku: 'a', code: 'a', count: 1 }, '/code'],
    [{ sku: 'a', count: 0 }, '/count'],
    [{ sku: 'a', count: 1, when: 'soon' }, '/when'],
    [{ sku: 'a', count: 1, mail: 'nobody' }, '/mail'],
    [{ sku: 'a' }, ''],
  ])('finds the fault of %j', (data, pointer) => {
    expect(check.issuesOf(data).map((issue) => issue.pointer)).toEqual([pointer]);
  });

  it('takes linear time for a pattern that other engines never end with', () => {
    expect(check.issuesOf({ sku: `${'a'.repeat(100_000)}b`, count: 1 })).toHaveLength(1);
  });

  it.each([
    ['no pattern', { type: 'object', properties: { a: { type: 'string', pattern: '(' } } }],
    ['a reference to elsewhere', { $ref: 'https://example.com/other.json' }],
    ['a type that is none', { type: 'date' }],
  ])('is refused where the schema has %s', (_name, broken) => {
    expect(() => new JsonSchemaCheck(broken)).toThrow(InvalidInputError);
  });
});
