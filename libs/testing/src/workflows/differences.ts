import { isDeepStrictEqual } from 'node:util';

const differencesShown = 10;

/** Where a value is not what is expected, a place a line. Matchers of test runners (`expect.any(String)`) may stand in it. */
export function differences(actual: unknown, expected: unknown, pointer = ''): readonly string[] {
  if (isMatcher(expected)) {
    return expected.asymmetricMatch(actual) ? [] : [differs(pointer, actual, String(expected))];
  }
  if (isDeepStrictEqual(actual, expected)) return [];
  if (!isContainer(actual) || !isContainer(expected) || Array.isArray(actual) !== Array.isArray(expected)) {
    return [differs(pointer, actual, written(expected))];
  }
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  const found = [...names].flatMap((name) => {
    const at = `${pointer}/${name}`;
    const [own, wanted]: readonly unknown[] = [Reflect.get(actual, name), Reflect.get(expected, name)];
    if (!Object.hasOwn(actual, name) && wanted !== undefined) return [`${at} is missing; expected ${written(wanted)}`];
    if (!Object.hasOwn(expected, name)) return [`${at} is ${written(own)}; nothing is expected there`];
    return differences(own, wanted, at);
  });
  return found.length <= differencesShown
    ? found
    : [...found.slice(0, differencesShown), `and ${found.length - differencesShown} more differences`];
}

function differs(pointer: string, actual: unknown, expected: string): string {
  return `${pointer || 'it'} is ${written(actual)}; expected ${expected}`;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isMatcher(value: unknown): value is { asymmetricMatch(actual: unknown): boolean } {
  return isContainer(value) && 'asymmetricMatch' in value && typeof value.asymmetricMatch === 'function';
}

export function written(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
