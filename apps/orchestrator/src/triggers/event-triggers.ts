import { jsonText, workflowId, type JsonText, type WorkflowCommand } from '@chorda/contracts';
import { BackboneError, derivedId, newId, type JsonValue } from '@chorda/kernel';
import type { Batch, BatchHandler, Message, Outcomes } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import type { TriggerCame, TriggerRepository, WorkflowTrigger } from '@chorda/read-models';
import { expressions } from '@chorda/workflows';
import { bySubject } from '../routing/by-subject.js';
import { eventValue } from '../routing/event-value.js';
import type { Opened } from '../routing/opened-events.js';
import type { DefinitionSource } from '../steps/begin-sub-workflow.js';
import { StillUndecidedError, type CommandGiver } from '../steps/command-giver.js';
import type { TriggerBook } from './trigger-book.js';
import { deeper, depthMax, depthOf } from './trigger-depth.js';

export type EventCame = 'started' | 'refused' | 'too_deep' | 'passed' | 'filter_failed';

export interface EventTriggersParts {
  readonly book: TriggerBook;
  readonly triggers: Pick<TriggerRepository, 'came'>;
  readonly workflows: CommandGiver;
  readonly definitions: DefinitionSource;
  readonly onEvent: (came: EventCame) => void;
}

/** Said of an event that a trigger could not start a run for: it waits among the dead letters until somebody sends it anew. */
class TriggerRefusedError extends BackboneError {
  readonly retriable = false;

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A clock of another machine may be so far behind ours. */
const clockSkewMs = 5_000;

/**
 * Starts runs when events come. A run is named after the trigger and the event, and offsets move when the engine has
 * decided: an event starts one run of a trigger, however often it is read. What cannot be started is a dead letter.
 */
export class EventTriggers implements BatchHandler<Opened> {
  constructor(private readonly parts: EventTriggersParts) {}

  async handleBatch(batch: Batch<Opened>): Promise<Outcomes<Opened>> {
    await this.parts.book.refresh();
    const outcomes = batch.allDone();
    const wanted = batch.messages.filter((message) => this.waiting(message).length > 0);
    await bySubject(wanted, async (message) => {
      const refusals: TriggerRefusedError[] = [];
      const happened = readOrRefuse(message);
      if (happened instanceof TriggerRefusedError) {
        outcomes.dead(message, happened);
        return;
      }
      for (const trigger of this.waiting(message)) {
        const refusal = await this.take(trigger, happened, message);
        if (refusal) refusals.push(refusal);
      }
      const [first] = refusals;
      if (first) outcomes.dead(message, first);
    });
    return outcomes;
  }

  /** A trigger looks at what came since it is there. */
  private waiting({ record, envelope, origin }: Message<Opened>): readonly WorkflowTrigger[] {
    const recordedMs = Number(record.timestampMs) + clockSkewMs;
    const waiting = this.parts.book.of(envelope.metadata.tenantId, origin.topic);
    return waiting.filter(({ createdAt }) => recordedMs >= createdAt.getTime());
  }

  /** @returns Why the event is to be a dead letter; undefined: it is done. */
  private async take(
    trigger: WorkflowTrigger,
    happened: JsonValue,
    { envelope: { metadata } }: Message<Opened>,
  ): Promise<TriggerRefusedError | undefined> {
    let input: JsonValue;
    try {
      if (!passes(trigger, happened)) {
        this.parts.onEvent('passed');
        return undefined;
      }
      const { input: text } = trigger;
      input = text === null ? happened : expressions.evaluate({ language: 'cel', text }, { event: happened });
    } catch (error) {
      // An event that the filter was not written for: it says no, and that is shown.
      this.parts.onEvent('filter_failed');
      const said = error instanceof Error ? error.message : String(error);
      await this.tell(trigger, { errorCode: 'FILTER_FAILED', error: `Event ${metadata.id}: ${said}` });
      return undefined;
    }
    const depth = depthOf(metadata.correlationId);
    if (depth >= depthMax && !isPlanted('triggers-no-depth')) {
      const detail = `Event ${metadata.id} follows from ${depth} runs that triggers started one after the other, which is as many as may be`;
      return this.refuse(trigger, 'too_deep', 'TRIGGER_TOO_DEEP', detail);
    }
    return this.start(trigger, input, metadata);
  }

  private async start(trigger: WorkflowTrigger, input: JsonValue, metadata: Message<Opened>['envelope']['metadata']) {
    const { tenantId, triggerId, workflowName: name, workflowVersion: version } = trigger;
    const found = await this.parts.definitions.find(tenantId, name, version === null ? null : String(version));
    if (!found) {
      const message = `There is no workflow ${name}${version === null ? '' : ` of version ${version}`} to start runs of`;
      return this.refuse(trigger, 'refused', 'WORKFLOW_NOT_FOUND', message);
    }
    const key = derivedId(tenantId, 'trigger', triggerId, metadata.source, metadata.id);
    const run = isPlanted('triggers-random-run-id') ? newId() : key;
    const correlationId = deeper(metadata.correlationId);
    const answer = await this.parts.workflows.give(startOf(trigger, run, found, input), {
      ...{ tenantId, commandId: derivedId(tenantId, run, 'start'), subject: run },
      metadata: { ...kept(metadata), correlationId },
    });
    if (answer.kind === 'taken') throw new StillUndecidedError(`The start of ${run} is not decided yet`);
    crashPoint('trigger-started');
    const { outcome } = answer;
    if (outcome.status === 'accepted') {
      this.parts.onEvent('started');
      await this.tell(trigger, { runId: run });
      return undefined;
    }
    const code = outcome.status === 'failed' ? 'COMMAND_FAULT' : outcome.code;
    return this.refuse(trigger, 'refused', code, outcome.message);
  }

  private async refuse(trigger: WorkflowTrigger, came: EventCame, errorCode: string, error: string) {
    this.parts.onEvent(came);
    await this.tell(trigger, { errorCode, error });
    return new TriggerRefusedError(errorCode, `Trigger ${trigger.triggerId}: ${error}`);
  }

  private tell({ tenantId, triggerId }: WorkflowTrigger, came: TriggerCame): Promise<void> {
    return this.parts.triggers.came(tenantId, triggerId, came);
  }
}

/** One whose payload cannot be read is that event's fault: a throw would stop its partition for ever. */
function readOrRefuse({ event }: Message<Opened>): JsonValue | TriggerRefusedError {
  try {
    return eventValue(event);
  } catch (error) {
    return new TriggerRefusedError('EVENT_UNREADABLE', error instanceof Error ? error.message : String(error));
  }
}

function passes({ filter: text }: WorkflowTrigger, event: JsonValue): boolean {
  if (text === null) return true;
  const said = expressions.evaluate({ language: 'cel', text }, { event });
  if (typeof said === 'boolean') return said;
  throw new TypeError(`the filter is ${JSON.stringify(said).slice(0, 100)}, neither true nor false`);
}

function kept(metadata: Message<Opened>['envelope']['metadata']) {
  const { id, subject, traceparent, tracestate } = metadata;
  return {
    ...{ id, subject },
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  };
}

function startOf(
  { workflowName }: WorkflowTrigger,
  run: string,
  found: { readonly hash: string; readonly form: string },
  input: JsonValue,
): WorkflowCommand {
  return {
    type: 'workflow.start',
    data: {
      workflow_id: workflowId(run),
      workflow_name: workflowName,
      definition_hash: found.hash,
      // The store holds what it was given by the door that checked it.
      definition: found.form as JsonText,
      input_data: jsonText(input),
      user_id: null,
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
