import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { parseExactJson } from './exact-json.js';
import { pointerOf } from './json-pointer.js';
import { Problem } from './problem.js';

/**
 * The body of a command, checked by its schema.
 *
 * @throws {@link Problem} `INVALID_JSON`, or `INVALID_REQUEST` with a JSON pointer for every broken rule.
 */
export function readJsonBody<Schema extends z.ZodType>(request: FastifyRequest, schema: Schema): z.output<Schema> {
  const json = parseExactJson(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ pointer: pointerOf(path), detail: message }));
  const detail = issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ');
  throw new Problem('INVALID_REQUEST', detail.slice(0, 2_000), { issues });
}
