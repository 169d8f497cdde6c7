import fc from 'fast-check';
import type { SeededTenant } from '../seeded-tenant.js';
import type { OpenApiDocument, OpenApiParameter, PlacedOperation } from './document.js';
import { bodiesOf, valuesOf } from './values.js';

export interface GeneratedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** A wait that a spec does not sit through. */
const waitMsMax = 20;

/** Requests to an operation as its part of the document allows them. */
export function requestsTo(
  document: OpenApiDocument,
  { id, method, path, operation }: PlacedOperation,
  seeded: SeededTenant,
): fc.Arbitrary<GeneratedRequest> {
  const parameters = operation.parameters ?? [];
  const made = fc.record({
    path: pathsTo(document, path, parameters, seeded.paths[id]),
    query: parametersIn('query', document, parameters, seeded),
    header: parametersIn('header', document, parameters, seeded),
    body: bodies(document, operation.requestBody?.content ?? {}),
  });
  return made.map(({ path: at, query, header, body }) => ({
    method,
    path: at + queryText(patient(query)),
    headers: { ...headersOf(header), ...(body === undefined ? {} : { 'content-type': body.type }) },
    body: body?.text,
  }));
}

function pathsTo(
  document: OpenApiDocument,
  template: string,
  parameters: readonly OpenApiParameter[],
  known: string | undefined,
): fc.Arbitrary<string> {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  if (names.length === 0) return fc.constant(template);
  const parts = names.map((name) => {
    const schema = parameters.find((each) => each.in === 'path' && each.name === name)?.schema;
    // Dots alone are taken out of an address before it is sent.
    return valuesOf(document, schema)
      .map(String)
      .filter((text) => !/^\.*$/.test(text) && text.isWellFormed());
  });
  const made = fc
    .tuple(...parts)
    .map((values) =>
      names.reduce(
        (path, name, index) => path.replace(`{${name}}`, () => encodeURIComponent(values[index] ?? '')),
        template,
      ),
    );
  return known === undefined ? made : fc.oneof({ weight: 3, arbitrary: fc.constant(known) }, made);
}

type Values = readonly (readonly [name: string, value: unknown])[];

/** At most two that are not required, so that a request is not refused for the third. */
function parametersIn(
  place: OpenApiParameter['in'],
  document: OpenApiDocument,
  parameters: readonly OpenApiParameter[],
  seeded: SeededTenant,
): fc.Arbitrary<Values> {
  const mine = parameters.filter((each) => each.in === place);
  const optional = mine.filter(({ required }) => required !== true);
  return fc.subarray(optional, { maxLength: Math.min(2, optional.length) }).chain((chosen) => {
    const given = [...mine.filter(({ required }) => required === true), ...chosen];
    const values = given.map((parameter) => valuesFor(document, parameter, seeded));
    return fc.tuple(...values).map((made) => made.map((value, index) => [given[index]?.name ?? '', value] as const));
  });
}

function valuesFor(
  document: OpenApiDocument,
  parameter: OpenApiParameter,
  seeded: SeededTenant,
): fc.Arbitrary<unknown> {
  const values = valuesOf(document, parameter.schema);
  if (parameter.name === 'wait') return values.map((value) => (typeof value === 'number' ? value % waitMsMax : value));
  const known = parameter.name === 'min_position' ? seeded.position : undefined;
  return known === undefined ? values : fc.oneof({ weight: 3, arbitrary: fc.constant([known]) }, values);
}

function bodies(document: OpenApiDocument, content: Parameters<typeof bodyEntries>[0]) {
  const entries = bodyEntries(content);
  if (entries.length === 0) return fc.constant(undefined);
  return fc.oneof(
    ...entries.map(([type, media]) =>
      bodiesOf(document, media).map((value) => ({
        type,
        text: typeof value === 'string' ? value : JSON.stringify(value, shortWait),
      })),
    ),
  );
}

/** As `wait` in the query. */
function shortWait(name: string, value: unknown): unknown {
  return name === 'wait_ms' && typeof value === 'number' ? value % waitMsMax : value;
}

function bodyEntries(content: NonNullable<PlacedOperation['operation']['requestBody']>['content']) {
  return Object.entries(content);
}

/** No projector runs that would reach a position: without a bound each read would wait for seconds. */
function patient(query: Values): Values {
  const names = query.map(([name]) => name);
  return names.includes('min_position') && !names.includes('wait') ? [...query, ['wait', waitMsMax]] : query;
}

function queryText(values: Values): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of values) {
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** What HTTP lets a header hold; the rest of Unicode cannot be sent in one. */
function headersOf(values: Values): Record<string, string> {
  return Object.fromEntries(
    values.map(([name, value]) => [
      name,
      String(value)
        .replaceAll(/[^\x20-\x7e]/g, '?')
        .trim(),
    ]),
  );
}
