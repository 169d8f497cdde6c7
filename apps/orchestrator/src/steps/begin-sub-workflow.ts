import { jsonValue, workflowId, type JsonText } from '@chorda/contracts';
import { derivedId, type TenantId } from '@chorda/kernel';
import { membersOf } from './members-of.js';
import { StillUndecidedError, type CommandGiver } from './command-giver.js';
import { completed, failed, type StepOutcome } from './step-outcome.js';
import type { StepAssignment } from './step-runner.js';

export interface PinnedDefinition {
  readonly hash: string;
  /** The text of the form, as a run is started with it: see `pinSubWorkflows`. */
  readonly form: string;
}

/** Definitions that are stored. */
export interface DefinitionSource {
  find(tenantId: TenantId, name: string, version: string | null): Promise<PinnedDefinition | undefined>;
}

/** Starts a run as a step of another. Its end comes as a command to the run that waits for it. */
export async function beginSubWorkflow(
  { workflows, definitions }: { readonly workflows: CommandGiver; readonly definitions: DefinitionSource },
  { work: { data }, tenantId, metadata }: StepAssignment,
): Promise<StepOutcome> {
  const { workflow, version, detached } = membersOf(jsonValue(data.settings));
  const name = typeof workflow === 'string' ? workflow : '';
  const wanted = typeof version === 'string' ? version : null;
  const found = await definitions.find(tenantId, name, wanted);
  if (!found) {
    const message = `There is no workflow ${name}${wanted === null ? '' : ` of the version ${wanted}`}`;
    return failed({ class: 'workflow', code: 'WORKFLOW_NOT_FOUND', message, retriable: false });
  }
  const isDetached = detached === true;
  const run = workflowId(data.attempt_token);
  const answer = await workflows.give(
    {
      type: 'workflow.start',
      data: {
        workflow_id: run,
        workflow_name: name,
        definition_hash: found.hash,
        // The store holds what it was given by the door that checked it.
        definition: found.form as JsonText,
        input_data: data.input_data,
        user_id: data.user_id,
        start_key: data.attempt_token,
        parent_workflow_id: isDetached ? null : data.workflow_id,
        parent_step_id: isDetached ? null : data.step_id,
        parent_attempt_token: isDetached ? null : data.attempt_token,
        forked_from_workflow_id: null,
        forked_at_version: null,
        forked_state: null,
      },
    },
    // Asked again much later, it is another command: the run has to say anew what became of it.
    { tenantId, commandId: derivedId(tenantId, data.attempt_token, 'start', data.deadline_at), subject: run, metadata },
  );
  if (answer.kind === 'taken') throw new StillUndecidedError(`The start of ${run} is not decided yet`);
  if (answer.outcome.status === 'accepted') {
    return isDetached ? completed({ run_id: run }) : { kind: 'begun' };
  }
  const { message } = answer.outcome;
  const code = answer.outcome.status === 'failed' ? 'COMMAND_FAULT' : answer.outcome.code;
  return failed({ class: 'workflow', code, message, retriable: false });
}
