/**
 * What one evaluation may cost: parts of an expression, turns of a loop, values and characters that are made. Counted and
 * not timed, so that a run that is replayed on a busy machine ends as it did on an idle one.
 */
export const evaluationCostMax = 200_000;

/** A workflow's expression would take too long; never a fault of the engine. */
export class BudgetSpent extends Error {
  constructor() {
    super(`costs more than ${evaluationCostMax} steps: do it in a step of its own`);
  }
}

/** Evaluation is synchronous, so one count serves all. */
let left = 0;

export function fillBudget(): void {
  left = evaluationCostMax;
}

/** Asked after an evaluation: some operators of CEL pass over what went wrong in their parts, a spent budget too. */
export function isBudgetSpent(): boolean {
  return left < 0;
}

export function spend(cost: number): void {
  left -= cost;
  if (left < 0) throw new BudgetSpent();
}
