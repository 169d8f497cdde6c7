import { workflowId, type WorkflowId } from '@chorda/contracts';
import type { StreamRef } from '../aggregate.js';

/**
 * How the parts of a run are named. A step of the run's own flow is `ship`, a state of a machine `review#3` (its third
 * state), a step of a nested flow `try/ship`, of the 18th item of a map `each[17]/ship`. A nested flow is named after its
 * step, a later try of it `try!2`, what catches an error `try!catch0`. No id of a step has any of `/ # [ ! ~`.
 */
export type BranchId = string;

/** The run's own flow. */
export const root: BranchId = '';

/** The own life of a run, and each flow nested in it. All have the run as their key. */
export type WorkflowStreamKind = 'workflow' | 'branch';

export function runStream(run: WorkflowId): StreamRef<'workflow'> {
  return { kind: 'workflow', id: run };
}

/** No id of a run has a slash in it. */
export function branchStream(run: WorkflowId, branch: BranchId): StreamRef<'branch'> {
  return { kind: 'branch', id: `${run}/${branch}` };
}

export function streamOf(run: WorkflowId, branch: BranchId): StreamRef<WorkflowStreamKind> {
  return branch === root ? runStream(run) : branchStream(run, branch);
}

/** The run and the nested flow that a stream is named after. */
export function placeOf(stream: StreamRef): { readonly run: WorkflowId; readonly branch: BranchId } {
  if (stream.kind === 'workflow') return { run: workflowId(stream.id), branch: root };
  const at = stream.id.indexOf('/');
  return { run: workflowId(stream.id.slice(0, at)), branch: stream.id.slice(at + 1) };
}

/** The flow that a step is in. */
export function branchOfStep(stepId: string): BranchId {
  const at = stepId.lastIndexOf('/');
  return at < 0 ? root : stepId.slice(0, at);
}

/** A step's id, or its state's name, within its flow. */
export function keyOfStep(stepId: string): string {
  return /^[^#~]*/.exec(stepId.slice(stepId.lastIndexOf('/') + 1))?.[0] ?? '';
}

/** How a step is named in the run. */
export function stepIdOf(branch: BranchId, key: string, visit: number | null): string {
  const own = visit === null ? key : `${key}#${visit}`;
  return branch === root ? own : `${branch}/${own}`;
}

export interface BranchPlace {
  /** The step that it is nested in. */
  readonly stepId: string;
  /** Of an item of a map. */
  readonly index: number | null;
  /** Of what catches an error: the place of its rule. */
  readonly caughtBy: number | null;
}

/** What a nested flow is of. */
export function placeOfBranch(branch: BranchId): BranchPlace {
  const match = /^(?<step>.*?)(?:\[(?<index>\d+)\])?(?:!(?:catch(?<rule>\d+)|\d+))?$/.exec(
    branch.slice(branch.lastIndexOf('/') + 1),
  );
  const before = branch.slice(0, branch.lastIndexOf('/') + 1);
  const { step = '', index, rule } = match?.groups ?? {};
  return {
    stepId: before + step,
    index: index === undefined ? null : Number(index),
    caughtBy: rule === undefined ? null : Number(rule),
  };
}

export function bodyBranch(stepId: string, index: number | null, attempt: number): BranchId {
  return `${stepId}${index === null ? '' : `[${index}]`}${attempt === 1 ? '' : `!${attempt}`}`;
}

export function catchBranch(stepId: string, rule: number): BranchId {
  return `${stepId}!catch${rule}`;
}

const undo = '~undo';

/** What undoes a step is done under a name of its own. */
export function undoIdOf(stepId: string): string {
  return `${stepId}${undo}`;
}

export function undoneBy(stepId: string): string | undefined {
  return stepId.endsWith(undo) ? stepId.slice(0, -undo.length) : undefined;
}

/** The flows that a flow is nested in, the run's own first, itself last. */
export function lineOf(branch: BranchId): readonly BranchId[] {
  const line: BranchId[] = [];
  for (let at: BranchId = branch; at !== root; at = branchOfStep(placeOfBranch(at).stepId)) line.unshift(at);
  return [root, ...line];
}
