import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiOperation, type ApiOperationOptions, type OpenAPIObject } from '@nestjs/swagger';
import { problemHelp } from '../http/problem-help.js';
import { problems, problemType, type ProblemCode } from '../http/problem.js';

type Responses = NonNullable<ApiOperationOptions['responses']>;

export interface OperationDocument extends Omit<ApiOperationOptions, 'responses'> {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Responses;
  /** Every problem the operation may answer, beside those that any operation may. */
  readonly problems: readonly ProblemCode[];
  readonly isPublic?: boolean;
  /** Errors have the shape that clients of the OpenAI API read. */
  readonly isOpenAi?: boolean;
}

const everywhere: readonly ProblemCode[] = [
  'INVALID_REQUEST',
  'METHOD_NOT_ALLOWED',
  'URI_TOO_LONG',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
];
const withKey: readonly ProblemCode[] = ['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED', 'UNAVAILABLE'];

/** Puts an operation into `/openapi.json`; a route without it fails the test of the document. */
export function Documented(document: OperationDocument): MethodDecorator {
  const { problems: own, isPublic = false, isOpenAi = false, responses, parameters, ...operation } = document;
  const codes = [...new Set([...own, ...(isPublic ? [] : withKey), ...everywhere])];
  return applyDecorators(
    // Nest puts what it makes of the handler's arguments in place of an operation's parameters.
    ...(parameters === undefined ? [] : [ApiExtension(parametersExtension, parameters)]),
    ApiOperation({
      ...operation,
      ...(isPublic ? { security: [] } : { security: [{ api_key: [] }] }),
      responses: { ...responses, ...problemResponses(codes, isOpenAi) },
    }),
  );
}

const parametersExtension = 'x-parameters';
const scopeExtension = 'x-scope';

/** Tells `/openapi.json` which scope a credential needs; the guard reads its own mark. */
export const DocumentedScope = (scope: string) => ApiExtension(scopeExtension, scope);

/** Puts the parameters and the scope where OpenAPI has them. */
export function completeOperations(document: OpenAPIObject): void {
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    const { [parametersExtension]: parameters, [scopeExtension]: scope } = operation;
    delete operation[parametersExtension];
    delete operation[scopeExtension];
    if (parameters !== undefined) operation.parameters = parameters;
    if (typeof scope !== 'string') continue;
    operation.security = [{ api_key: [scope] }];
    operation.description = [operation.description, `Needs the scope \`${scope}\`.`].filter(Boolean).join('\n\n');
  }
}

/** One response a status, with an example for each code that has it. */
function problemResponses(codes: readonly ProblemCode[], isOpenAi: boolean): Responses {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  const entries = [...byStatus].map(([status, ofStatus]) => [
    String(status),
    {
      description: ofStatus
        .map((code) => `\`${code}\`: ${problems[code].title}. ${problemHelp[code].fix}`)
        .join('\n\n'),
      content: isOpenAi
        ? { 'application/json': { schema: { $ref: '#/components/schemas/OpenAiError' } } }
        : {
            'application/problem+json': {
              schema: { $ref: '#/components/schemas/Problem' },
              examples: Object.fromEntries(ofStatus.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
            },
          },
    },
  ]);
  return Object.fromEntries(entries);
}

/** For `components.examples`: an operation has a dozen of them, and there are fifty operations. */
export function problemExamples(): Record<string, { readonly summary: string; readonly value: unknown }> {
  const codes = Object.keys(problems).filter((code): code is ProblemCode => code in problems);
  return Object.fromEntries(codes.map((code) => [code, { summary: problems[code].title, value: exampleOf(code) }]));
}

function exampleOf(code: ProblemCode): Record<string, unknown> {
  return {
    type: problemType(code),
    title: problems[code].title,
    status: problems[code].status,
    code,
    detail: problemHelp[code].cause,
    ...(problems[code].status === 422
      ? { errors: [{ pointer: '/data/status', detail: 'must be one of completed, failed' }] }
      : {}),
    request_id: '019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e21',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  };
}
