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
 * machine: a part of the expression, four values of the payload and 256 characters searched count one each, which took
 * 0.05 to 0.15 µs when it was measured; the rest in proportion.
 */
export const evaluationCostMax = 50_000;
export const turnCost = 8;
/** The library makes an error for each question without an answer. */
export const errorCost = 30;
export const searchedCharactersPerCost = 256;
export const matchedCharactersPerCost = 1;
/** Longer texts are found unfit for a search; the engine's own search is linear up to this length of what is sought. */
export const soughtCharactersMax = 256;
export const searchedCharactersMax = 256 * 1024;
export const matchedCharactersMax = 8 * 1024;
