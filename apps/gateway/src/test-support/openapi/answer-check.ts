import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenApiDocument, PlacedOperation } from './document.js';

export interface GivenAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly text: string;
}

/** Holds answers against what the document says of them: status, media type, every member, and the code of a problem. */
export class AnswerCheck {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    addFormats.default(this.ajv);
    this.ajv.addSchema(closed(document), 'openapi');
  }

  /** @returns What is wrong with it; none: the answer is as documented. */
  faultsOf({ path, method, operation }: PlacedOperation, answer: GivenAnswer): readonly string[] {
    const response = operation.responses[String(answer.status)];
    if (response === undefined) return [`status ${answer.status} is not documented: ${answer.text.slice(0, 300)}`];
    const content = response.content ?? {};
    if (Object.keys(content).length === 0) return answer.text === '' ? [] : ['a body where none is documented'];
    const media = content[answer.mediaType];
    if (media === undefined) return [`${answer.mediaType || 'no media type'} is not documented for ${answer.status}`];
    if (!/^application\/(?:problem\+)?json$/.test(answer.mediaType)) return [];
    const body: unknown = JSON.parse(answer.text);
    const place = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(answer.status),
      'content',
      answer.mediaType,
    ];
    const validate = this.validatorAt([...place, 'schema']);
    const issues = validate(body) ? [] : (validate.errors ?? []);
    const faults = issues.map(
      ({ instancePath, message, params }) => `${answer.status} ${instancePath} ${message} ${JSON.stringify(params)}`,
    );
    if (answer.mediaType !== 'application/problem+json') return faults;
    const { code }: { code?: unknown } = Object(body);
    const isNamed = Object.hasOwn(media.examples ?? {}, String(code));
    return isNamed ? faults : [...faults, `the code ${String(code)} is not documented for ${answer.status}`];
  }

  private validatorAt(place: readonly string[]): ValidateFunction {
    const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const known = this.compiled.get(pointer);
    if (known !== undefined) return known;
    const validate = this.ajv.compile({ $ref: `openapi#/${pointer}` });
    this.compiled.set(pointer, validate);
    return validate;
  }
}

/** The document with every object closed that lists its members: a member that is answered and not listed is a fault. */
function closed(document: OpenApiDocument): object {
  return JSON.parse(JSON.stringify(document), (_name, value: unknown) => {
    if (!isObject(value)) return value;
    const whole = isObject(value) && Array.isArray(value['allOf']) ? merged(document, value['allOf']) : value;
    return 'properties' in whole && 'type' in whole && !('additionalProperties' in whole)
      ? { ...whole, additionalProperties: false }
      : whole;
  });
}

/** Parts that are closed one by one would refuse each other's members. */
function merged(document: OpenApiDocument, parts: readonly unknown[]): Record<string, unknown> {
  const schemas = parts.map((part) => {
    const { $ref: reference } = Object(part);
    return typeof reference === 'string'
      ? document.components.schemas[reference.split('/').at(-1) ?? '']
      : Object(part);
  });
  return {
    type: 'object',
    required: schemas.flatMap(({ required = [] }) => required),
    properties: Object.assign({}, ...schemas.map(({ properties = {} }) => properties)),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
