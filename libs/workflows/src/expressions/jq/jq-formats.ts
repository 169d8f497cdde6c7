import type { JsonValue } from '@chorda/kernel';
import { spend } from '../budget.js';
import { JqError, textOf } from './jq-values.js';

const formats: Readonly<Record<string, (value: JsonValue) => string>> = {
  text: textOf,
  json: (value) => JSON.stringify(value),
  base64: (value) => Buffer.from(textOf(value)).toString('base64'),
  base64d: (value) => Buffer.from(textOf(value), 'base64').toString('utf8'),
  uri: (value) =>
    encodeURIComponent(textOf(value)).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  csv: (value) => row(value, ',', (text) => `"${text.replaceAll('"', '""')}"`),
  tsv: (value) => row(value, '\t', (text) => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t')),
};

export const formatNames: readonly string[] = Object.keys(formats);

export function formatted(format: string, value: JsonValue): string {
  const write = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (write === undefined) throw new JqError(`@${format} is not a known format`);
  const text = write(value);
  spend(text.length / 64);
  return text;
}

function row(value: JsonValue, between: string, quoted: (text: string) => string): string {
  if (!Array.isArray(value)) throw new JqError('Only a list can be written as a row');
  return value
    .map((each: JsonValue) => {
      if (each === null) return '';
      if (typeof each === 'object') throw new JqError('A row holds neither lists nor objects');
      return typeof each === 'string' ? quoted(each) : String(each);
    })
    .join(between);
}
