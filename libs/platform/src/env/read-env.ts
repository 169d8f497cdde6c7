import { readFileSync } from 'node:fs';
import type { Issue } from '@chorda/kernel';
import type { z } from 'zod';
import { connectionRules } from './connection-rules.js';
import { EnvironmentError } from './environment-error.js';

/**
 * Reads the environment once, by schema. A key may also be given as `<KEY>_FILE`, the path of a file that holds its
 * value (one trailing line break is dropped), so that secrets need not stand in the environment. An empty value is an
 * unset one, because Compose files and shells cannot tell the two apart.
 *
 * @throws {@link EnvironmentError} naming every bad key and the rule it breaks, all at once and without any value.
 */
export function readEnv<Schema extends z.ZodObject>(
  schema: Schema,
  source: NodeJS.ProcessEnv = process.env,
): z.infer<Schema> {
  const issues: Issue[] = [];
  const given = valuesOf(Object.keys(schema.shape), source, issues);
  const unreadable = new Set(issues.map((issue) => issue.pointer));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const key = String(issue.path[0] ?? '');
      // What could not be read is not also "missing".
      if (!unreadable.has(key)) issues.push({ pointer: key, detail: detailOf(issue, given[key] === undefined) });
    }
  }
  issues.push(...connectionRules(given, schema.shape));
  if (issues.length > 0 || !parsed.success) throw new EnvironmentError(issues);
  return parsed.data;
}

function valuesOf(keys: readonly string[], source: NodeJS.ProcessEnv, issues: Issue[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const key of keys) {
    const value = source[key];
    const path = source[`${key}_FILE`];
    if (value && path) {
      issues.push({ pointer: key, detail: `is given twice, also as ${key}_FILE` });
    } else if (path) {
      try {
        values[key] = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
      } catch (error) {
        const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
        issues.push({ pointer: key, detail: `cannot be read from the file that ${key}_FILE names (${reason})` });
      }
    } else if (value) {
      values[key] = value;
    }
  }
  return values;
}

function detailOf(issue: z.core.$ZodIssue, missing: boolean): string {
  if (missing) return 'is missing';
  // zod names types, bounds and options in its messages, never the value; an own message comes from our schemas.
  return issue.message;
}
