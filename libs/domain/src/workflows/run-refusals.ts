import { DomainError } from '../domain-error.js';
import type { KnownRun, Run } from './run-state.js';

/** What the state that a run is in does not allow. The state is part of the answer. */
export function refuse(run: KnownRun, lawful: string): DomainError {
  return new DomainError('ILLEGAL_TRANSITION', `Run ${run.workflowId} is ${run.status}; ${lawful}`, {
    state: run.status,
  });
}

export function invalid(field: string, rule: string): DomainError {
  return new DomainError('INVALID_COMMAND', `${field} ${rule}`, { pointer: `/${field}` });
}

/** @throws DomainError `RUN_NOT_FOUND` */
export function startedRun(run: Run, id: string): KnownRun {
  if (run.status === 'absent') throw new DomainError('RUN_NOT_FOUND', `There is no run ${id} that is run here`);
  return run;
}

/** @throws DomainError unless it runs or is paused. */
export function ongoing(run: KnownRun, what: string): void {
  if (run.status !== 'running' && run.status !== 'paused') throw refuse(run, `only one that runs ${what}`);
}
