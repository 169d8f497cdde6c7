import { signalId, workflowId, type JsonText, type OpenedEvent, type WorkflowEvent } from '@chorda/contracts';
import { derivedId, GroupedCalls, newId } from '@chorda/kernel';
import type { Batch } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import type {
  AwaitedEventType,
  EmittedEvent,
  EventWait,
  FoundWait,
  RunEventsRepository,
  RunRef,
} from '@chorda/read-models';
import { isEventTypeName } from '@chorda/workflows';
import { allAtOnce } from '../routing/all-at-once.js';
import type { Opened } from '../routing/opened-events.js';
import { sentChannel } from './sent-channel.js';
import { StillUndecidedError, type CommandGiver } from '../steps/command-giver.js';

type Of<Type extends WorkflowEvent['type']> = Extract<WorkflowEvent, { readonly type: Type }>['data'];

/** woken: a run took it; left: its filter said no; late: the run waits no more; dropped: its tenant keeps as many as it may. */
export type RunEventCame = 'woken' | 'left' | 'late' | 'failed' | 'dropped';

export interface RunEventsParts {
  readonly stored: Pick<RunEventsRepository, keyof RunEventsRepository>;
  readonly workflows: Pick<CommandGiver, 'give'>;
  readonly onCame: (came: RunEventCame, count: number) => void;
}

/** Of a wait that has no end of its own. */
const waitTtlMs = 10 * 365 * 86_400_000;
const cleanAfterMs = 10_000;
const pageMax = 500;
/** A consumer whose handler takes minutes loses its partitions: who has not been told by then is found by the next try. */
const tellingTimeMsMax = 120_000;
const ends: ReadonlySet<string> = new Set(['workflow.completed', 'workflow.failed', 'workflow.cancelled']);
/** What a step that waits is told when it was given out. */
type WaitsFor = { readonly event: string; readonly key: string | null; readonly by?: AwaitedEventType['by'] };

/** What a batch says of waits and events, in its order: a run that ended waits for nothing that it waited for before. */
class Heard {
  readonly waits = new Map<string, EventWait>();
  readonly events: EmittedEvent[] = [];
  readonly ended: RunRef[] = [];

  hear(opened: OpenedEvent): void {
    const { type, metadata } = opened;
    const { tenantId, subject } = metadata;
    if (ends.has(type)) {
      this.ended.push({ tenantId, runId: subject });
      for (const [id, wait] of this.waits)
        if (wait.runId === subject && wait.tenantId === tenantId) this.waits.delete(id);
      return;
    }
    if (type !== 'workflow.step_scheduled' && type !== 'workflow.state_entered' && type !== 'workflow.event_emitted')
      return;
    const { event } = opened.read();
    if (event.type === 'workflow.step_scheduled') this.scheduled(event.data, metadata);
    else if (event.type === 'workflow.state_entered') this.entered(event.data, metadata);
    else if (event.type === 'workflow.event_emitted') this.emitted(event.data, metadata);
  }

  private scheduled(step: Of<'workflow.step_scheduled'>, metadata: OpenedEvent['metadata']): void {
    if (step.waits_for === null) return;
    const until = [step.deadline_at, step.give_up_at].filter((ms) => ms !== null);
    this.wait(
      step.workflow_id,
      [JSON.parse(step.waits_for)],
      metadata,
      Math.min(...until, metadata.timeMs + waitTtlMs),
    );
  }

  private entered(state: Of<'workflow.state_entered'>, metadata: OpenedEvent['metadata']): void {
    if (state.waits_for === null) return;
    this.wait(state.workflow_id, JSON.parse(state.waits_for), metadata, metadata.timeMs + waitTtlMs);
  }

  /** @param given Written by the rules of what waits. */
  private wait(runId: string, given: readonly WaitsFor[], metadata: OpenedEvent['metadata'], expiresMs: number): void {
    given.forEach(({ event, key, by = null }, index) => {
      const waitId = `${metadata.id}/${index}`;
      for (const name of isEventTypeName(event) ? [event, sentChannel(event, by)] : [event]) {
        this.waits.set(JSON.stringify([metadata.tenantId, runId, name, key]), {
          ...{ tenantId: metadata.tenantId, runId, waitId },
          ...{ name, key, expiresMs },
        });
      }
    });
  }

  private emitted(said: Of<'workflow.event_emitted'>, metadata: OpenedEvent['metadata']): void {
    const { tenantId, correlationId, id: eventId, timeMs: emittedMs } = metadata;
    this.events.push({
      ...{ tenantId, eventId, correlationId, emittedMs },
      runId: said.workflow_id,
      ...{ name: said.event_name, key: said.event_key, data: said.event_data },
      expiresMs: said.expires_at,
    });
  }
}

/**
 * Brings what a run emits, or a producer sends, to the runs that wait for it, also where they begin to wait later. A run is told by a
 * signal that counts only while it waits, whose id is that of the event: it takes an event once, however often it is
 * told. A wait that is kept here though it has ended costs one such signal, and is forgotten by its answer.
 */
export class RunEvents {
  /** Partitions bring the ends of runs at about the same time, and most of those runs waited for nothing. */
  private readonly endings;
  private cleanedMs = 0;

  constructor(private readonly parts: RunEventsParts) {
    this.endings = new GroupedCalls(
      async (ended: readonly (readonly RunRef[])[]) => {
        await parts.stored.endWaitsOf(ended.flat());
        return ended.map(() => undefined);
      },
      { itemsMax: 100, callsMax: 1, gathersTurn: true },
    );
  }

  async handle(batch: Batch<Opened>): Promise<void> {
    const { stored } = this.parts;
    const heard = new Heard();
    for (const { event } of batch.messages) heard.hear(event.data);
    const waits = [...heard.waits.values()];
    if (heard.ended.length > 0) await this.endings.call(heard.ended);
    if (waits.length > 0) await stored.addWaits(waits);
    if (heard.events.length > 0) await stored.keep(heard.events);
    crashPoint('run-events-written');
    const until = { endMs: Date.now() + tellingTimeMsMax, signal: batch.signal };
    await allAtOnce(waits, (wait) => this.lookBack(wait, until));
    // What one run said is told in its order.
    const said = Map.groupBy(heard.events, ({ tenantId, runId }) => `${tenantId}/${runId}`);
    await this.tellInOrder([...said.values()], until);
    if (waits.length + heard.events.length > 0) await this.clean();
  }

  /** Events that producers sent, those of each list one after another. */
  async deliver(lists: readonly (readonly EmittedEvent[])[], signal: AbortSignal): Promise<void> {
    const events = lists.flat();
    if (events.length === 0) return;
    await this.parts.stored.keep(events);
    crashPoint('run-events-written');
    await this.tellInOrder(lists, { endMs: Date.now() + tellingTimeMsMax, signal });
    await this.clean();
  }

  private async clean(): Promise<void> {
    if (Date.now() - this.cleanedMs < cleanAfterMs) return;
    this.cleanedMs = Date.now();
    this.parts.onCame('dropped', await this.parts.stored.clean());
  }

  private tellInOrder(lists: readonly (readonly EmittedEvent[])[], until: Until): Promise<void> {
    return allAtOnce(lists, async (events) => {
      for (const event of events) await this.tellAll(event, until);
    });
  }

  /** A wait is for what was said before, the oldest first, as long as it waits. */
  private async lookBack(wait: EventWait, until: Until): Promise<void> {
    if (isPlanted('run-events-not-looked-back')) return;
    for (let last: EmittedEvent | undefined; ;) {
      const page = await this.parts.stored.saidBefore(wait, last, pageMax);
      for (const event of page) {
        holdTo(until);
        if (!(await this.tell(event, wait))) return;
      }
      last = page.at(-1);
      if (page.length < pageMax) return;
    }
  }

  private async tellAll(event: EmittedEvent, until: Until): Promise<void> {
    for (let last: FoundWait | undefined; ;) {
      const page = await this.parts.stored.waitsFor(event, last, pageMax);
      await allAtOnce(page, async (wait) => {
        holdTo(until);
        await this.tell(event, wait);
      });
      last = page.at(-1);
      if (page.length < pageMax) return;
    }
  }

  /** @returns Whether the run may still wait there. */
  private async tell(event: EmittedEvent, wait: Pick<FoundWait, 'runId' | 'waitId'>): Promise<boolean> {
    const { stored, workflows, onCame } = this.parts;
    const { tenantId, eventId, correlationId, causeId = eventId } = event;
    const answer = await workflows.give(signalOf(event, wait.runId), {
      ...{ tenantId, commandId: derivedId(tenantId, 'run event', eventId, wait.waitId), subject: wait.runId },
      metadata: { id: causeId, subject: event.runId, correlationId },
    });
    if (answer.kind === 'taken') throw new StillUndecidedError(`Run ${wait.runId} was not told of ${eventId} yet`);
    crashPoint('run-event-told');
    const { outcome } = answer;
    if (outcome.status === 'failed') {
      onCame('failed', 1);
      return true;
    }
    const { taken = false, awaited = false } = outcome.status === 'accepted' ? Object(outcome.answer) : {};
    if (taken === true) await stored.taken(event, wait.runId);
    onCame(taken === true ? 'woken' : awaited === true ? 'left' : 'late', 1);
    const mayWait = taken === true || awaited === true;
    if (!mayWait) await stored.endWait(tenantId, wait);
    return mayWait;
  }
}

interface Until {
  readonly endMs: number;
  readonly signal: AbortSignal;
}

function holdTo({ endMs, signal }: Until): void {
  signal.throwIfAborted();
  if (Date.now() > endMs) throw new StillUndecidedError('Not all runs that wait for an event could be told in one go');
}

function signalOf({ eventId, name, key, data }: EmittedEvent, runId: string) {
  return {
    type: 'workflow.signal',
    data: {
      workflow_id: workflowId(runId),
      signal_id: signalId(isPlanted('run-events-signal-per-telling') ? newId() : eventId),
      signal_name: name,
      signal_key: key,
      // Checked as JSON when the event was decided.
      signal_data: data as JsonText,
      ttl_ms: null,
      only_if_awaited: true,
    },
  } as const;
}
