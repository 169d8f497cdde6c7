/** Runs that may follow from one another by triggers before the next one is refused. */
export const depthMax = 8;

const mark = /~t(?<depth>\d{1,3})$/;

/**
 * How many triggers lie between the first request of a chain and what happened. It stands at the end of the correlation
 * id, which everything that follows carries on: runs, the agents and models that they ask, runs within runs.
 */
export function depthOf(correlationId: string): number {
  return Number(mark.exec(correlationId)?.groups?.['depth'] ?? 0);
}

/** The correlation id of what a trigger starts: that of its cause, one deeper. */
export function deeper(correlationId: string): string {
  return `${correlationId.replace(mark, '')}~t${depthOf(correlationId) + 1}`;
}
