/** The tools that have effects: two of executors, two of users' own processes, one of each pair may be repeated. */
export const idempotentOf: Readonly<Record<string, boolean>> = {
  http_post: false,
  http_get: true,
  charge: false,
  stamp: true,
};

export interface PlannedExecution {
  readonly executionId: string;
  /** What the simulated model is made to say, turn by turn. */
  readonly input: string;
  readonly isCancelled: boolean;
}

const cancelledOf = 25;

/** Two turns with two calls each, and an answer: four effects, each with a name of its own. */
export function plannedExecution(executionId: string, index: number, effectsUrl: string): PlannedExecution {
  const effect = (tool: string) => `${executionId}/${tool}`;
  const url = (tool: string) => `${effectsUrl}/?${new URLSearchParams({ effect: effect(tool), tool }).toString()}`;
  const http = (tool: string) => ({ tool, arguments: { url: url(tool) } });
  const own = (tool: string) => ({ tool, arguments: { effect: effect(tool) } });
  const turns = [
    { calls: [http('http_post'), own('stamp')] },
    { calls: [own('charge'), http('http_get')] },
    { say: `Done: ${executionId}` },
  ];
  const lines = turns.map((turn) => `@simulate ${JSON.stringify(turn)}`);
  return {
    executionId,
    input: [`Execution ${index}`, ...lines].join('\n'),
    isCancelled: index % cancelledOf === cancelledOf - 1,
  };
}
