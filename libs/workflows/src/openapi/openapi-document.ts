import type { JsonValue } from '@chorda/kernel';
import { parse } from 'yaml';
import { OpenApiError } from './openapi-error.js';

export type Members = { readonly [name: string]: JsonValue };

/** Read at a hundredth of the pace of JSON, on the thread that everything else waits for. */
export const openApiYamlBytesMax = 512 * 1024;
/** References that lead to references: more than this is a circle. */
const referencesMax = 20;
/** Of operations, where the one that was asked for is not there. */
const namesShown = 20;

export const httpMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
export type OperationMethod = (typeof httpMethods)[number];

export interface Operation {
  readonly method: OperationMethod;
  /** As `/pets/{id}`. */
  readonly path: string;
  readonly pathItem: Members;
  readonly operation: Members;
}

/** An OpenAPI document of version 2.0 or 3.x. References lead to places in it and nowhere else: nothing is fetched. */
export class OpenApiDocument {
  private constructor(
    readonly version: '2' | '3',
    readonly root: Members,
  ) {}

  /**
   * Reads JSON or YAML.
   *
   * @throws OpenApiError with OPENAPI_NOT_VALID for what is neither, or no OpenAPI.
   */
  static read(text: string): OpenApiDocument {
    const root = valueOf(text.replace(/^\uFEFF/, ''));
    if (!isMembers(root)) throw notValid('it is no object');
    const version = versionOf(root);
    if (!isMembers(root['paths'])) throw notValid('it has no paths');
    return new OpenApiDocument(version, root);
  }

  /** @throws OpenApiError with OPENAPI_OPERATION_UNKNOWN where there is none of this id. */
  operation(id: string): Operation {
    const names: string[] = [];
    for (const each of this.operations()) {
      const { operationId } = each.operation;
      if (operationId === id) return each;
      if (typeof operationId === 'string' && names.length < namesShown) names.push(operationId.slice(0, 100));
    }
    const others = names.length === 0 ? 'none of its operations has an operationId' : `it has ${names.join(', ')}`;
    throw new OpenApiError('OPENAPI_OPERATION_UNKNOWN', `The OpenAPI document has no operation ${id}; ${others}`);
  }

  private *operations(): Generator<Operation> {
    for (const [path, item] of Object.entries(membersOf(this.root['paths']))) {
      const pathItem = isForeign(item) ? {} : this.resolved(item);
      for (const method of httpMethods) {
        const operation = pathItem[method.toLowerCase()];
        if (isMembers(operation)) yield { method, path, pathItem, operation };
      }
    }
  }

  /**
   * What stands there, or what the reference there leads to; an object without members for what is no object.
   *
   * @throws OpenApiError with OPENAPI_NOT_VALID for a reference that leads nowhere, and one that leads out of the document.
   */
  resolved(value: JsonValue | undefined): Members {
    let at = value;
    for (let count = 0; count <= referencesMax; count++) {
      if (!isMembers(at)) return {};
      const reference = at['$ref'];
      if (typeof reference !== 'string') return at;
      at = this.referredTo(reference);
    }
    throw notValid('its references lead in a circle');
  }

  private referredTo(reference: string): JsonValue {
    if (!reference.startsWith('#')) {
      const message = `The OpenAPI document refers to another one, which is not fetched: ${reference.slice(0, 200)}`;
      throw new OpenApiError('OPENAPI_NOT_SUPPORTED', message);
    }
    let at: JsonValue | undefined = this.root;
    for (const part of reference.slice(1).split('/').slice(1)) at = memberOf(at, nameOf(part));
    if (at === undefined) throw notValid(`it refers to ${reference.slice(0, 200)}, which is not there`);
    return at;
  }
}

function valueOf(text: string): JsonValue {
  try {
    if (text.trimStart().startsWith('{')) {
      const value: JsonValue = JSON.parse(text);
      return value;
    }
    if (Buffer.byteLength(text) > openApiYamlBytesMax) {
      throw notValid(`in YAML it may have at most ${openApiYamlBytesMax} bytes; JSON may have more`);
    }
    // Names are looked up, and none is compared with each other one.
    const value: JsonValue = parse(text, { schema: 'core', uniqueKeys: false, logLevel: 'silent', maxAliasCount: 100 });
    return value;
  } catch (error) {
    if (error instanceof OpenApiError) throw error;
    throw notValid('it is neither JSON nor YAML', error);
  }
}

function versionOf({ swagger, openapi }: Members): '2' | '3' {
  if (String(swagger) === '2.0' || swagger === 2) return '2';
  if (typeof openapi === 'string' && /^3\.\d/.test(openapi)) return '3';
  throw notValid('it says neither swagger 2.0 nor openapi 3');
}

/** Another document: its operations are not those of this one. */
function isForeign(item: JsonValue): boolean {
  const reference = membersOf(item)['$ref'];
  return typeof reference === 'string' && !reference.startsWith('#');
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (isList(value)) return value[Number(name)];
  return isMembers(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A part of a JSON pointer that stands in a URI. */
function nameOf(part: string): string {
  const plain = part.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString(),
  );
  return plain.replaceAll('~1', '/').replaceAll('~0', '~');
}

export function isMembers(value: JsonValue | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function membersOf(value: JsonValue | undefined): Members {
  return isMembers(value) ? value : {};
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}

export function notValid(why: string, cause?: unknown): OpenApiError {
  return new OpenApiError('OPENAPI_NOT_VALID', `This is no OpenAPI document that can be used: ${why}`, { cause });
}
