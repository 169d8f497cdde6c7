import { jsonValue, type JsonText } from '@chorda/contracts';
import type { Flow, GraphStep, MachineState, Step, WorkflowForm } from './form.js';
import { branchOfStep, keyOfStep, placeOfBranch, root, undoneBy, type BranchId } from './paths.js';

const formsKept = 500;
/** By text: a form is the same whoever reads it, and it is read for each command of its runs. */
const parsed = new Map<JsonText, Form>();

/** @throws TypeError where it is none: the door checks forms, so that this is a fault of ours. */
export function formOf(text: JsonText): Form {
  const known = parsed.get(text);
  if (known) return known;
  const value = jsonValue(text);
  if (!isForm(value)) throw new TypeError('The definition of the run is no form of a workflow');
  const form = new Form(value);
  if (parsed.size >= formsKept) parsed.clear();
  parsed.set(text, form);
  return form;
}

/** What was checked before it was stored is not checked again. */
function isForm(value: unknown): value is WorkflowForm {
  return typeof value === 'object' && value !== null && 'form' in value && value.form === 1 && 'flow' in value;
}

/** Finds the parts of a form by the names that they have in a run. */
export class Form {
  private readonly steps = new Map<Flow, ReadonlyMap<string, Step>>();
  private readonly dependents = new Map<Flow, ReadonlyMap<string, readonly GraphStep[]>>();

  constructor(readonly form: WorkflowForm) {}

  /** @throws TypeError for a name of no flow. */
  flowOf(branch: BranchId): Flow {
    if (branch === root) return this.form.flow;
    const { stepId, caughtBy } = placeOfBranch(branch);
    const step = this.stepOf(stepId);
    const caught = caughtBy === null ? undefined : step.catch[caughtBy]?.flow;
    if (caught) return caught;
    if (step.kind === 'flow') return step.flow;
    if (step.kind === 'map') return step.body;
    throw new TypeError(`${branch} is no flow of ${this.form.name}`);
  }

  /** @throws TypeError for a name of no step. */
  stepOf(stepId: string): Step {
    const undone = undoneBy(stepId);
    if (undone !== undefined) {
      const { compensate } = this.stepOf(undone);
      if (compensate === null) throw new TypeError(`Nothing undoes ${undone}`);
      return compensate;
    }
    const step = this.stepIn(this.flowOf(branchOfStep(stepId)), keyOfStep(stepId));
    if (!step) throw new TypeError(`${stepId} is no step of ${this.form.name}`);
    return step;
  }

  stepIn(flow: Flow, key: string): Step | undefined {
    let byKey = this.steps.get(flow);
    if (!byKey) {
      byKey = new Map(
        flow.kind === 'graph'
          ? flow.steps.map(({ step }) => [step.id, step])
          : flow.states.flatMap(({ name, step }) => (step === null ? [] : [[name, step]])),
      );
      this.steps.set(flow, byKey);
    }
    return byKey.get(key);
  }

  stateIn(flow: Flow, name: string): MachineState {
    const state = flow.kind === 'machine' ? flow.states.find((one) => one.name === name) : undefined;
    if (!state) throw new TypeError(`${name} is no state of ${this.form.name}`);
    return state;
  }

  /** Steps that need this one. */
  dependentsOf(flow: Flow, key: string): readonly GraphStep[] {
    if (flow.kind !== 'graph') return [];
    let byKey = this.dependents.get(flow);
    if (!byKey) {
      const lists = new Map<string, GraphStep[]>();
      for (const one of flow.steps) {
        for (const need of one.needs) lists.set(need, [...(lists.get(need) ?? []), one]);
      }
      byKey = lists;
      this.dependents.set(flow, byKey);
    }
    return byKey.get(key) ?? [];
  }
}
