import type { JsonValue } from '@chorda/kernel';
import type { Members, OpenApiDocument, Operation } from './openapi-document.js';
import { OpenApiError } from './openapi-error.js';
import { serverOf } from './operation-server.js';
import { bodyOf, type OperationBody } from './operation-body.js';
import { asItIs, componentText, pairTexts, partText } from './parameter-style.js';
import { answerTypesOf, parametersOf, type Parameter } from './parameter.js';

export interface AskedOperation {
  readonly operationId: string;
  readonly parameters: Members;
  /** The body, where none of the parameters says it; null: there is none. */
  readonly input: JsonValue;
  /** Where the document was found: its servers may be named from there. */
  readonly documentUrl: URL;
  /** Names of headers, lower case, that are sent anyway: none of them is missing. */
  readonly otherHeaders: ReadonlySet<string>;
}

export interface OperationRequest {
  readonly method: Operation['method'];
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/**
 * The request that an operation and its parameters come to.
 *
 * @throws OpenApiError where there is none.
 */
export function operationRequest(document: OpenApiDocument, asked: AskedOperation): OperationRequest {
  const operation = document.operation(asked.operationId);
  const declared = parametersOf(document, operation);
  const given = givenOf(declared, asked);
  const body = bodyOf(document, operation, {
    ...asked,
    declared,
    undeclared: undeclaredOf(declared, asked.parameters),
  });
  const at = (place: Parameter['place']) => given.filter(({ parameter }) => parameter.place === place);
  const query = at('query').flatMap(({ parameter, value }) => pairTexts(parameter, value));
  const path = pathOf(operation.path, at('path'));
  const server = serverOf(document, operation, asked.documentUrl).replace(/\/+$/, '');
  return {
    method: operation.method,
    url: `${server}${path}${query.length === 0 ? '' : `?${query.join('&')}`}`,
    headers: headersOf(document, operation, { headers: at('header'), cookies: at('cookie'), body }),
    body: body?.text,
  };
}

interface Given {
  readonly parameter: Parameter;
  readonly value: JsonValue;
}

function givenOf(declared: readonly Parameter[], { parameters, otherHeaders }: AskedOperation): readonly Given[] {
  return declared.flatMap((parameter) => {
    const { name, place, required } = parameter;
    if (place === 'body' || place === 'formData') return [];
    // Headers are the same in any case.
    const value = place === 'header' ? headerIn(parameters, name) : ownOf(parameters, name);
    if (value !== null) return [{ parameter, value }];
    if (required && !(place === 'header' && otherHeaders.has(name.toLowerCase()))) throw missing(name, place);
    return [];
  });
}

function ownOf(parameters: Members, name: string): JsonValue {
  return Object.hasOwn(parameters, name) ? (parameters[name] ?? null) : null;
}

function headerIn(parameters: Members, name: string): JsonValue {
  const own = Object.keys(parameters).find((each) => each.toLowerCase() === name.toLowerCase());
  return own === undefined ? null : ownOf(parameters, own);
}

/** They are the body, or members of it, where the operation takes one. */
function undeclaredOf(declared: readonly Parameter[], parameters: Members): Members {
  const isDeclared = (name: string) =>
    declared.some((each) =>
      each.place === 'header' ? each.name.toLowerCase() === name.toLowerCase() : each.name === name,
    );
  return Object.fromEntries(Object.entries(parameters).filter(([name, value]) => value !== null && !isDeclared(name)));
}

export function missing(name: string, place: string): OpenApiError {
  return new OpenApiError('OPENAPI_PARAMETER_MISSING', `The operation needs the parameter ${name} (${place})`);
}

function pathOf(template: string, given: readonly Given[]): string {
  const path = template.replaceAll(/\{([^{}]+)\}/g, (_whole, name: string) => {
    const found = given.find(({ parameter }) => parameter.name === name);
    if (found === undefined) throw missing(name, 'path');
    const text = partText(found.parameter, found.value, componentText);
    // `/pets/` is another operation than `/pets/{id}`.
    if (text !== '') return text;
    throw new OpenApiError('OPENAPI_PARAMETER_NOT_VALID', `The parameter ${name} (path) must not be empty`);
  });
  const isClimbing = path.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part));
  if (!isClimbing) return path.startsWith('/') ? path : `/${path}`;
  throw new OpenApiError('OPENAPI_PARAMETER_NOT_VALID', 'A parameter of a path must be neither . nor ..');
}

interface Parts {
  readonly headers: readonly Given[];
  readonly cookies: readonly Given[];
  readonly body: OperationBody | undefined;
}

function headersOf(
  document: OpenApiDocument,
  operation: Operation,
  { headers, cookies, body }: Parts,
): Readonly<Record<string, string>> {
  const types = answerTypesOf(document, operation);
  // Some servers write XML for whoever does not say.
  const accept = types.find((type) => /[/+]json\b/i.test(type)) ?? types.join(', ');
  const cookie = cookies.flatMap(({ parameter, value }) => pairTexts(parameter, value)).join('; ');
  return {
    ...(accept !== '' && { accept }),
    ...(body !== undefined && { 'content-type': body.contentType }),
    ...Object.fromEntries(
      headers.map(({ parameter, value }) => [parameter.name.toLowerCase(), partText(parameter, value, asItIs)]),
    ),
    ...(cookie !== '' && { cookie }),
  };
}
