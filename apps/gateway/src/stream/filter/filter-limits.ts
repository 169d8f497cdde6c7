/** What an expression may be. Past it, it is refused when it is given, with the rule it breaks. */
export const filterLimits = {
  charactersMax: 2048,
  /** Brackets within brackets: the parser goes down into each. */
  nestingMax: 24,
  nodesMax: 256,
  /** `all`, `exists`, `map` and the like within each other. */
  loopsNestedMax: 2,
  patternCharactersMax: 256,
} as const;

/**
 * What one evaluation may cost. Counted and not timed, so that the same filter ends alike on an idle and on a busy
 * machine: a part of the expression, a turn of a loop, 256 characters searched, 8 characters matched count one each.
 */
export const evaluationCostMax = 20_000;
export const searchedCharactersPerCost = 256;
/** A pattern of the allowed length costs up to 4 µs a character. */
export const matchedCharactersPerCost = 8;
/** Longer texts are found unfit for a search; the engine's own search is linear up to this length of what is sought. */
export const soughtCharactersMax = 256;
export const searchedCharactersMax = 256 * 1024;
export const matchedCharactersMax = 16 * 1024;
