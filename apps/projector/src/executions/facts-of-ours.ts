import type { EventMetadata } from '@chorda/contracts';

/** Of simulated decisions and the facts beside them: `docs/decisions/0004-simulated-decisions.md`. */
const simulatedSource = 'urn:chorda:demo';

/**
 * Whether the decision engine wrote this fact beside the decision that ended the execution. Its records say where they
 * were decided, which no other sender can; the demo stands in for the engine and is told by its source.
 */
export function isFactOfOurs({ decision, source }: EventMetadata): boolean {
  return decision !== undefined || source.startsWith(simulatedSource);
}
