import type { WorkflowForm } from '@chorda/domain';
import type { DefinitionFormat } from '@chorda/read-models';
import { readAnyDefinition } from '@chorda/workflows';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../../http/problem.js';

export interface GivenDefinition {
  readonly form: WorkflowForm;
  readonly source: string;
  readonly sourceFormat: DefinitionFormat;
}

/**
 * The body, in whichever of its formats.
 *
 * @param known Names of the tenant's workflows, for those that are named as steps.
 * @throws {@link Problem} `INVALID_WORKFLOW` with line, column and pointer of every fault.
 */
export function readDefinition(request: FastifyRequest, known: ReadonlySet<string>): GivenDefinition {
  const source = textOf(request.body);
  const { form, faults, format } = readAnyDefinition(source, { isWorkflow: (name) => known.has(name) });
  if (form !== null) return { form, source, sourceFormat: format };
  const issues = faults.map(({ line, column, ...issue }) => ({
    ...issue,
    ...(line === null ? {} : { line, column: column ?? 1 }),
  }));
  const detail = issues
    .map(({ pointer, detail: rule, line }) => `${line === undefined ? '' : `line ${line}: `}${pointer || '/'} ${rule}`)
    .join('; ');
  throw new Problem('INVALID_WORKFLOW', detail.slice(0, 2_000), { issues });
}

function textOf(body: unknown): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
  } catch (error) {
    throw new Problem('INVALID_WORKFLOW', 'The body must be UTF-8', { cause: error });
  }
}
