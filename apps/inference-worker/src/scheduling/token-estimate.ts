/** Of English text, about; the estimate is settled with what the server counted. */
const bytesPerToken = 4;
const completionTokensFirst = 256;
const memory = 0.05;

/** What a request is expected to cost, in tokens, before anybody has counted them. */
export class TokenEstimates {
  private readonly completions = new Map<string, number>();

  constructor(private readonly modelsMax = 1_000) {}

  promptTokens(bytes: number): number {
    return Math.max(1, Math.ceil(bytes / bytesPerToken));
  }

  /** As long as its answers were of late, but never longer than it may be. */
  completionTokens(model: string, max: number | undefined): number {
    const usual = this.completions.get(model) ?? completionTokensFirst;
    return Math.ceil(Math.min(usual, max ?? Number.POSITIVE_INFINITY));
  }

  learn(model: string, completionTokens: number): void {
    const known = this.completions.get(model);
    if (known === undefined && this.completions.size >= this.modelsMax) return;
    this.completions.set(model, known === undefined ? completionTokens : known + (completionTokens - known) * memory);
  }
}
