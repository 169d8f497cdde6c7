import type { JsonValue } from '@chorda/kernel';
import { isList, isMembers, type Members } from './openapi-document.js';
import { OpenApiError } from './openapi-error.js';
import type { Parameter } from './parameter.js';

type Encode = (text: string) => string;

/** A part of a path, a header or a cookie; the name is part of it where the style says so. */
export function partText(parameter: Parameter, value: JsonValue, encode: Encode): string {
  const { name, style, explode, json } = parameter;
  const delimiter = encode === asItIs ? parameter.delimiter : delimiterText(parameter.delimiter);
  const written = (one: JsonValue) => encode(scalarText(parameter, one));
  if (json) return encode(JSON.stringify(value));
  const items = isMembers(value)
    ? pairsOf(value).map(([key, one]) => `${encode(key)}${explode ? '=' : ','}${written(one)}`)
    : listed(value).map(written);
  if (style === 'label') return `.${items.join(explode ? '.' : ',')}`;
  if (style !== 'matrix') return items.join(delimiter);
  if (!explode) return `;${encode(name)}=${items.join(',')}`;
  return isMembers(value)
    ? items.map((item) => `;${item}`).join('')
    : items.map((item) => `;${encode(name)}=${item}`).join('');
}

/** Names and values of a query, of a form or of cookies, encoded. */
export function pairTexts(parameter: Parameter, value: JsonValue): readonly string[] {
  const { name, style, explode, json, reserved } = parameter;
  const encode = reserved ? reservedText : componentText;
  const pair = (key: string, one: JsonValue) => `${componentText(key)}=${encode(scalarText(parameter, one))}`;
  if (json) return [`${componentText(name)}=${encode(JSON.stringify(value))}`];
  if (isList(value)) {
    if (explode || value.length === 0) return value.map((item) => pair(name, item));
    const texts = value.map((item) => encode(scalarText(parameter, item)));
    return [`${componentText(name)}=${texts.join(delimiterText(parameter.delimiter))}`];
  }
  if (!isMembers(value)) return [pair(name, value)];
  const members = pairsOf(value);
  if (style === 'deepObject') {
    return members.flatMap(([key, one]) => listed(one).map((item) => pair(`${name}[${key}]`, item)));
  }
  if (explode) return members.map(([key, one]) => pair(key, one));
  const texts = members.flatMap(([key, one]) => [componentText(key), encode(scalarText(parameter, one))]);
  return [`${componentText(name)}=${texts.join(delimiterText(parameter.delimiter))}`];
}

export function asItIs(text: string): string {
  return text;
}

/** By RFC 3986: what `encodeURIComponent` leaves of the reserved ones is encoded too. */
export function componentText(text: string): string {
  // Half a character has no UTF-8.
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function reservedText(text: string): string {
  // Of these alone a query would not be the same one: they end it, or a pair of it.
  return encodeURI(text.toWellFormed()).replaceAll(/[#&+]/g, encodeURIComponent);
}

function delimiterText(delimiter: string): string {
  return delimiter === ',' ? ',' : encodeURIComponent(delimiter);
}

/** Without what is null: it is not given. */
function pairsOf(value: Members): readonly (readonly [string, JsonValue])[] {
  return Object.entries(value).filter(([, one]) => one !== null);
}

function listed(value: JsonValue): readonly JsonValue[] {
  return isList(value) ? value : [value];
}

function scalarText({ name, place }: Parameter, value: JsonValue): string {
  if (typeof value !== 'object') return String(value);
  const message = `The parameter ${name} (${place}) has a value within a value that cannot be written there`;
  throw new OpenApiError('OPENAPI_PARAMETER_NOT_VALID', message);
}
