import type { AssignedWork, WorkOutcome } from '@chorda/domain';
import type { Assignment as AnyAssignment, WorkRunner as AnyWorkRunner } from '@chorda/work';

/** Work of agents as whoever does it gets it. */
export type Assignment<Work extends AssignedWork = AssignedWork> = AnyAssignment<Work>;
export type WorkRunner = AnyWorkRunner<AssignedWork, WorkOutcome>;
