import type { JsonValue } from '@chorda/kernel';
import {
  isMembers,
  listOf,
  membersOf,
  type Members,
  type OpenApiDocument,
  type Operation,
} from './openapi-document.js';
import { OpenApiError } from './openapi-error.js';
import { mediaTypesOf2, type Parameter } from './parameter.js';
import { pairTexts } from './parameter-style.js';

export interface OperationBody {
  readonly contentType: string;
  readonly text: string;
}

export interface AskedBody {
  readonly parameters: Members;
  readonly declared: readonly Parameter[];
  /** Parameters that the operation does not name. */
  readonly undeclared: Members;
  readonly input: JsonValue;
}

/** @throws OpenApiError where it is missing, cannot be written, or a parameter is of no use for it. */
export function bodyOf(document: OpenApiDocument, operation: Operation, asked: AskedBody): OperationBody | undefined {
  const isBodiless = ['GET', 'HEAD', 'OPTIONS'].includes(operation.method);
  const made = isBodiless
    ? none
    : document.version === '2'
      ? body2(document, operation, asked)
      : body3(document, operation, asked);
  for (const name of Object.keys(asked.undeclared)) {
    if (!made.taken.has(name)) throw unknown(name);
  }
  return made.body;
}

interface Made {
  readonly body: OperationBody | undefined;
  /** Which of the undeclared ones it has. */
  readonly taken: ReadonlySet<string>;
}

const none: Made = { body: undefined, taken: new Set() };

function unknown(name: string): OpenApiError {
  return new OpenApiError('OPENAPI_PARAMETER_UNKNOWN', `The operation has no parameter ${name}`);
}

function missingBody(name = 'body'): OpenApiError {
  return new OpenApiError('OPENAPI_PARAMETER_MISSING', `The operation needs a body: the parameter ${name}`);
}

function body2(document: OpenApiDocument, operation: Operation, { declared, parameters, input }: AskedBody): Made {
  const types = mediaTypesOf2(document, operation, 'consumes');
  const whole = declared.find(({ place }) => place === 'body');
  if (whole !== undefined) {
    const value = valueIn(parameters, whole.name) ?? input;
    if (value === null && whole.required) throw missingBody(whole.name);
    return { ...none, body: value === null ? undefined : written(types.length === 0 ? [json] : types, value) };
  }
  const fields = declared.filter(({ place }) => place === 'formData');
  if (fields.length === 0) return none;
  const pairs = fields.flatMap((field) => {
    const value = valueIn(parameters, field.name) ?? valueIn(membersOf(input), field.name);
    if (value === undefined && field.required) throw missingBody(field.name);
    return value === undefined ? [] : pairTexts(field, value);
  });
  if (types.length > 0 && !types.includes(form)) throw notSupported(types);
  return { ...none, body: { contentType: form, text: pairs.join('&') } };
}

/** Undefined for null too: it is not given. */
function valueIn(members: Members, name: string): JsonValue | undefined {
  return Object.hasOwn(members, name) ? (members[name] ?? undefined) : undefined;
}

function body3(document: OpenApiDocument, operation: Operation, { undeclared, input }: AskedBody): Made {
  const said = operation.operation['requestBody'];
  if (said === undefined) return none;
  const requestBody = document.resolved(said);
  const content = membersOf(requestBody['content']);
  const types = Object.keys(content);
  const names = memberNames(document, membersOf(content[chosen(types) ?? ''])['schema']);
  const value = valueOf3(undeclared, names) ?? input;
  if (value === null) {
    if (requestBody['required'] === true) throw missingBody();
    return none;
  }
  return { taken: new Set(Object.keys(undeclared)), body: written(types, value) };
}

/** `body` is all of it where its schema has no such member; else the parameters that are nothing else are its members. */
function valueOf3(undeclared: Members, names: ReadonlySet<string> | undefined): JsonValue | undefined {
  const given = Object.keys(undeclared);
  if (given.length === 1 && given[0] === 'body' && names?.has('body') !== true) return undeclared['body'];
  for (const name of given) if (names !== undefined && !names.has(name)) throw unknown(name);
  return given.length === 0 ? undefined : undeclared;
}

const schemasMax = 500;

/** Members that a schema names; undefined where others are as good. */
function memberNames(document: OpenApiDocument, schema: JsonValue | undefined): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  const seen = new Set<Members>();
  const open = [schema];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const at = document.resolved(next);
    if (seen.has(at)) continue;
    seen.add(at);
    if (seen.size > schemasMax) return undefined;
    const more = at['additionalProperties'] ?? false;
    if (more !== false || isMembers(at['patternProperties'])) return undefined;
    for (const name of Object.keys(membersOf(at['properties']))) names.add(name);
    for (const name of ['allOf', 'oneOf', 'anyOf']) open.push(...listOf(at[name]));
  }
  return names.size === 0 ? undefined : names;
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';

function chosen(types: readonly string[]): string | undefined {
  const essence = (type: string) => type.split(';')[0]?.trim().toLowerCase() ?? '';
  return (
    types.find((type) => essence(type) === json) ??
    types.find((type) => essence(type).endsWith('+json')) ??
    types.find((type) => essence(type) === form) ??
    types.find((type) => ['*/*', 'application/*'].includes(essence(type))) ??
    types.find((type) => !essence(type).startsWith('multipart/'))
  );
}

function written(types: readonly string[], value: JsonValue): OperationBody {
  const type = chosen(types);
  if (type === undefined) throw notSupported(types);
  if (type.includes('*')) return { contentType: json, text: JSON.stringify(value) };
  if (/[/+]json\b/i.test(type)) return { contentType: type, text: JSON.stringify(value) };
  if (type.startsWith(form)) return { contentType: type, text: formText(value) };
  if (typeof value === 'string') return { contentType: type, text: value };
  throw new OpenApiError('OPENAPI_PARAMETER_NOT_VALID', `The body must be a text, to be sent as ${type}`);
}

function formText(value: JsonValue): string {
  if (!isMembers(value))
    throw new OpenApiError('OPENAPI_PARAMETER_NOT_VALID', 'The body must be an object, to be a form');
  const field = {
    place: 'formData',
    required: false,
    style: 'form',
    explode: true,
    delimiter: ',',
    reserved: false,
  } as const;
  return Object.entries(value)
    .filter(([, one]) => one !== null)
    .flatMap(([name, one]) => pairTexts({ ...field, name, json: isMembers(one) }, one))
    .join('&');
}

function notSupported(types: readonly string[]): OpenApiError {
  const known = types.length === 0 ? 'nothing that is named' : types.join(', ').slice(0, 200);
  const message = `The operation takes ${known} as its body; JSON, forms and texts are sent`;
  return new OpenApiError('OPENAPI_NOT_SUPPORTED', message);
}
