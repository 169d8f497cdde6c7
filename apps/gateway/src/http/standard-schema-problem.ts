import type { StandardSchemaV1 } from '@standard-schema/spec';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { pointerOf } from './json-pointer.js';
import { Problem } from './problem.js';

/** Checks what handlers take by the schema beside the parameter; a fault is `INVALID_REQUEST` with every broken rule. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (found: readonly StandardSchemaV1.Issue[]) => queryProblem(found),
  });
}

export function queryProblem(found: readonly StandardSchemaV1.Issue[]): Problem {
  const issues = found.map(({ path = [], message }) => ({ pointer: pointerOf(path), detail: message }));
  const detail = issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ');
  return new Problem('INVALID_REQUEST', detail, { issues });
}
