import type { JsonValue } from '@chorda/kernel';
import { listOf, membersOf, type Members, type OpenApiDocument, type Operation } from './openapi-document.js';

const places = ['path', 'query', 'header', 'cookie', 'body', 'formData'] as const;
export type ParameterPlace = (typeof places)[number];

export interface Parameter {
  readonly name: string;
  readonly place: ParameterPlace;
  readonly required: boolean;
  readonly style: 'simple' | 'label' | 'matrix' | 'form' | 'deepObject';
  readonly explode: boolean;
  /** Between the items of a list that is not exploded. */
  readonly delimiter: string;
  /** Characters with a meaning in URLs stay as they are. */
  readonly reserved: boolean;
  /** Written as JSON, whatever the style. */
  readonly json: boolean;
}

/** Of the operation and, where it does not say otherwise, of its path. */
export function parametersOf(
  document: OpenApiDocument,
  { pathItem, operation, path }: Operation,
): readonly Parameter[] {
  const found = new Map<string, Parameter>();
  for (const given of [...listOf(pathItem['parameters']), ...listOf(operation['parameters'])]) {
    const parameter = parameterOf(document, document.resolved(given));
    if (parameter !== undefined) found.set(`${parameter.place} ${parameter.name}`, parameter);
  }
  // A part of the path that the document forgot to describe has to be said all the same.
  for (const [, name = ''] of path.matchAll(/\{([^{}]+)\}/g)) {
    if (!found.has(`path ${name}`)) found.set(`path ${name}`, { ...plain, name, place: 'path', required: true });
  }
  return [...found.values()];
}

const plain = { style: 'simple', explode: false, delimiter: ',', reserved: false, json: false } as const;

function parameterOf(document: OpenApiDocument, given: Members): Parameter | undefined {
  const name = given['name'];
  const place = places.find((each) => each === given['in']);
  const isBody = place === 'body' || place === 'formData';
  if (typeof name !== 'string' || place === undefined || (isBody && document.version === '3')) return undefined;
  const required = given['required'] === true || place === 'path';
  if (document.version === '2') return { name, place, required, ...collected(given['collectionFormat'], place) };
  // Says the specification: what these are is said elsewhere in the document.
  const isSaidElsewhere = place === 'header' && /^(accept|content-type|authorization)$/i.test(name);
  const delimited = delimiters3[String(given['style'])];
  const style = styleOf(given['style'], place);
  return {
    ...{ name, place, required: required && !isSaidElsewhere, style },
    explode: typeof given['explode'] === 'boolean' ? given['explode'] : style === 'form' && delimited === undefined,
    delimiter: delimited ?? ',',
    reserved: given['allowReserved'] === true,
    json: Object.keys(membersOf(given['content'])).some((type) => /[/+]json\b/i.test(type)),
  };
}

const delimiters3: Readonly<Record<string, string | undefined>> = { spaceDelimited: ' ', pipeDelimited: '|' };

function styleOf(style: JsonValue | undefined, place: ParameterPlace): Parameter['style'] {
  if (place === 'query') return style === 'deepObject' ? 'deepObject' : 'form';
  if (place === 'cookie') return 'form';
  return place === 'path' && (style === 'label' || style === 'matrix') ? style : 'simple';
}

const delimiters2: Readonly<Record<string, string | undefined>> = { ssv: ' ', tsv: '\t', pipes: '|' };

function collected(format: JsonValue | undefined, place: ParameterPlace) {
  const style = place === 'query' || place === 'formData' ? ('form' as const) : ('simple' as const);
  return { ...plain, style, explode: format === 'multi', delimiter: delimiters2[String(format)] ?? ',' };
}

/** Media types that the operation takes or answers with, version 2.0: its own, or those of all. */
export function mediaTypesOf2(document: OpenApiDocument, { operation }: Operation, name: 'consumes' | 'produces') {
  const own = listOf(operation[name] ?? document.root[name]);
  return own.filter((type) => typeof type === 'string');
}

/** Of the first answer that is said to be a good one. */
export function answerTypesOf(document: OpenApiDocument, operation: Operation): readonly string[] {
  if (document.version === '2') return mediaTypesOf2(document, operation, 'produces');
  const responses = Object.entries(membersOf(operation.operation['responses']));
  const good =
    responses.find(([status]) => status.startsWith('2')) ?? responses.find(([status]) => status === 'default');
  return Object.keys(membersOf(document.resolved(good?.[1])['content']));
}
