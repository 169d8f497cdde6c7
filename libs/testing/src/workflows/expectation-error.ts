/** What a test expected of a run and did not find, with how the run stands. Test runners show it as a failed assertion. */
export class ExpectationError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
  readonly generatedMessage = false;

  constructor(what: string, details: readonly string[], runText: string) {
    super([what, ...details.map((detail) => `  ${detail}`), '', runText].join('\n'));
  }
}
