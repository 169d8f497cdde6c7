import type { AssignedWork, WorkOutcome } from '@chorda/domain';
import type { TenantId } from '@chorda/kernel';

/** Work as whoever does it gets it. */
export interface Assignment<Work extends AssignedWork = AssignedWork> {
  readonly work: Work;
  readonly tenantId: TenantId;
  /** What is left until the engine gives the try up. */
  readonly leftMs: number;
  /** Aborted when the lease is lost, the work is revoked or the executor stops: an outcome is of use no more. */
  readonly signal: AbortSignal;
}

/** Does work of one type. A throw is a fault of ours: the work is thought lost. */
export interface WorkRunner {
  run(assignment: Assignment): Promise<WorkOutcome>;
}

/** Kept back from the time that is left, so that an outcome reaches the engine before it gives the try up. */
const answerTimeMs = 1_000;

export function timeForWorkMs(leftMs: number): number {
  return Math.max(1, Math.floor(leftMs - Math.min(answerTimeMs, leftMs / 4)));
}
