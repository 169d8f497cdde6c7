/** What an expression may be. Past it, it is refused when the definition is given. */
export const expressionLimits = {
  charactersMax: 4096,
  /** Brackets within brackets: the parser goes down into each. */
  nestingMax: 32,
  nodesMax: 1000,
  /** `all`, `exists`, `map` and the like within each other. */
  loopsNestedMax: 3,
  patternCharactersMax: 256,
} as const;

/** A rule that an expression breaks, as a half sentence: `must …`. */
export class BrokenExpression extends Error {}

/** Before a parser sees it: it goes down a level with each bracket, and a stack overflow has no good message. */
export function checkText(text: string): void {
  const { charactersMax, nestingMax } = expressionLimits;
  if (text.trim() === '') throw new BrokenExpression('must not be empty');
  if (text.length > charactersMax) {
    throw new BrokenExpression(`must have at most ${charactersMax} characters, not ${text.length}`);
  }
  let depth = 0;
  for (const character of text) {
    // Brackets in texts count too: an honest text holds few of them.
    if ('([{?'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (depth > nestingMax) throw new BrokenExpression(`must have at most ${nestingMax} brackets within each other`);
  }
}
