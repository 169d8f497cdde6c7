import type { WorkflowPorts } from '@chorda/domain';
import { InvalidInputError, type JsonValue } from '@chorda/kernel';
import { JsonSchemaCheck } from '@chorda/platform';
import { expressions } from './expressions/expressions.js';

const checksKept = 500;

/** What the rules of workflows ask: both are pure, and give the same answer for the same question. */
export function workflowPorts(): WorkflowPorts {
  const checks = new Map<JsonValue, JsonSchemaCheck>();
  return {
    expressions,
    schemaIssues(schema, value) {
      const issues = checkOf(checks, schema).issuesOf(value);
      return issues.map(({ pointer, detail }) => `${pointer || '/'} ${detail}`);
    },
  };
}

/** By the object that the parsed form holds: forms are kept, so that their schemas are. */
function checkOf(checks: Map<JsonValue, JsonSchemaCheck>, schema: JsonValue): JsonSchemaCheck {
  const known = checks.get(schema);
  if (known) return known;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw new InvalidInputError('Schema', [{ pointer: '', detail: 'must be an object' }]);
  }
  const check = new JsonSchemaCheck(schema);
  if (checks.size >= checksKept) checks.clear();
  checks.set(schema, check);
  return check;
}
