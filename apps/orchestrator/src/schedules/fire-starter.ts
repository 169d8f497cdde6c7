import { workflowId, type JsonText, type ScheduleEvent, type WorkflowCommand } from '@chorda/contracts';
import { derivedId, newId } from '@chorda/kernel';
import type { Batch, BatchHandler, Message, Outcomes } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import { bySubject } from '../routing/by-subject.js';
import type { CommandWriter } from '../routing/command-writer.js';
import type { DefinitionSource } from '../steps/begin-sub-workflow.js';
import { StillUndecidedError, type CommandGiver } from '../steps/command-giver.js';

type Fired = Extract<ScheduleEvent, { readonly type: 'schedule.fired' }>['data'];
type Metadata = Message<ScheduleEvent>['envelope']['metadata'];

export interface FireStarterParts {
  readonly workflows: CommandGiver;
  readonly schedules: CommandWriter;
  readonly definitions: DefinitionSource;
  readonly onStart: (came: 'started' | 'refused' | 'cancelled') => void;
}

/**
 * Starts the runs of fires. Its offsets move when the engine has decided about each of them, and whatever is read twice
 * gives the same commands under the same ids: a fire comes to one run, wherever this process is killed.
 */
export class FireStarter implements BatchHandler<ScheduleEvent> {
  constructor(private readonly parts: FireStarterParts) {}

  async handleBatch(batch: Batch<ScheduleEvent>): Promise<Outcomes<ScheduleEvent>> {
    await bySubject(batch.messages, async ({ event, envelope: { metadata } }) => {
      if (event.type === 'schedule.fired') await this.start(event.data, metadata);
      if (event.type === 'schedule.cancel_requested') await this.cancel(event.data.fire_id, metadata);
    });
    return batch.allDone();
  }

  private async start(fire: Fired, metadata: Metadata): Promise<void> {
    crashPoint('fire-read');
    const { tenantId } = metadata;
    const { workflow_name: name, workflow_version: version } = fire;
    const found = await this.parts.definitions.find(tenantId, name, version === null ? null : String(version));
    if (!found) {
      const message = `There is no workflow ${name}${version === null ? '' : ` of version ${version}`} to start runs of`;
      return this.refused(fire, metadata, 'WORKFLOW_NOT_FOUND', message);
    }
    const run = isPlanted('schedules-random-fire-id') ? newId() : fire.fire_id;
    const command = startOf(fire, run, found);
    const answer = await this.give(command, derivedId(tenantId, run, 'start'), run, metadata);
    crashPoint('fire-started');
    if (answer.status === 'accepted') return this.parts.onStart('started');
    const code = answer.status === 'failed' ? 'COMMAND_FAULT' : answer.code;
    await this.refused(fire, metadata, code, answer.message);
  }

  private async cancel(fireId: string, metadata: Metadata): Promise<void> {
    const reason = 'The next run of its schedule is due';
    const data = { workflow_id: workflowId(fireId), reason, hard: false, compensate: false };
    const commandId = derivedId(metadata.tenantId, fireId, 'cancel');
    // Where it has ended by itself meanwhile, its end is told as any other.
    await this.give({ type: 'workflow.cancel', data }, commandId, fireId, metadata);
    this.parts.onStart('cancelled');
  }

  private async give(command: WorkflowCommand, commandId: string, subject: string, metadata: Metadata) {
    const given = { tenantId: metadata.tenantId, commandId, subject, metadata };
    const answer = await this.parts.workflows.give(command, given);
    if (answer.kind === 'taken') throw new StillUndecidedError(`${command.type} of ${subject} is not decided yet`);
    return answer.outcome;
  }

  private async refused(fire: Fired, metadata: Metadata, error_code: string, message: string): Promise<void> {
    const { schedule_id, fire_id, fire_at } = fire;
    const data = { ...{ schedule_id, fire_id, fire_at, error_code }, message: message.slice(0, 2_000) };
    const commandId = derivedId(metadata.tenantId, fire_id, 'start refused');
    await this.parts.schedules.write(
      { type: 'schedule.record_start_refused', data },
      ...([commandId, schedule_id, metadata] as const),
    );
    this.parts.onStart('refused');
  }
}

function startOf(fire: Fired, run: string, found: { readonly hash: string; readonly form: string }): WorkflowCommand {
  return {
    type: 'workflow.start',
    data: {
      workflow_id: workflowId(run),
      workflow_name: fire.workflow_name,
      definition_hash: found.hash,
      // The store holds what it was given by the door that checked it.
      definition: found.form as JsonText,
      input_data: fire.input_data,
      user_id: fire.user_id,
      start_key: run,
      parent_workflow_id: null,
      parent_step_id: null,
      parent_attempt_token: null,
      forked_from_workflow_id: null,
      forked_at_version: null,
      forked_state: null,
    },
  };
}
