import { pointerOf } from './json-pointer.js';

interface Level {
  /** Names seen so far; undefined in a list. */
  readonly names: Set<string> | undefined;
  /** Where we are in it: a name, or an index. */
  at: string | number;
}

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gy;
const space = /\s*/y;

/**
 * JSON pointer of the first member whose name its object has already, in text that is known to be JSON. For the answer
 * alone: whether there is one is found without it.
 */
export function pointerOfRepeat(text: string): string | undefined {
  const levels: Level[] = [];
  let name: string | undefined;
  for (let at = 0; at < text.length;) {
    space.lastIndex = at;
    space.test(text);
    token.lastIndex = space.lastIndex;
    const [found] = token.exec(text) ?? [];
    if (found === undefined) return undefined;
    at = token.lastIndex;
    const level = levels.at(-1);
    if (found === '{') levels.push({ names: new Set(), at: '' });
    else if (found === '[') levels.push({ names: undefined, at: 0 });
    else if (found === '}' || found === ']') levels.pop();
    else if (found === ',' && typeof level?.at === 'number') level.at += 1;
    else if (found === ':' && level?.names !== undefined && name !== undefined) {
      level.at = name;
      if (level.names.has(name)) return pointerOf(levels.map(({ at: step }) => String(step)));
      level.names.add(name);
    } else if (found.startsWith('"')) name = String(JSON.parse(found));
  }
  return undefined;
}
