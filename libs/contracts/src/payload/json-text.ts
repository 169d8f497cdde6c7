import type { JsonValue } from '@chorda/kernel';
import type { JsonText } from '../event.js';

/** The text of a JSON value. `undefined` inside objects is left out, as JSON does. */
export function jsonText(value: JsonValue): JsonText {
  return JSON.stringify(value) as JsonText;
}

/** @throws SyntaxError when the text is no JSON, which neither `jsonText` nor the codec lets through. */
export function jsonValue(text: JsonText): JsonValue {
  const value: JsonValue = JSON.parse(text);
  return value;
}
