import type { AnyWork, CommandCodec } from '@chorda/contracts';
import { derivedId, GroupedCalls, sleep, type Logger } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type { AgentWorkRepository, AnsweredWork, BegunWork } from '@chorda/read-models';
import type { AnswerKind, GivenCommand, KeptMetadata } from './work-kind.js';

export interface OutcomeSenderParts<Asked extends AnyWork, Outcome> {
  readonly kind: AnswerKind<Asked, Outcome>;
  readonly works: Pick<AgentWorkRepository, 'unsent' | 'done' | 'untold' | 'told'>;
  /** The same, by sessions for what each work needs. Default `works`. */
  readonly inbox?: Pick<AgentWorkRepository, 'done'>;
  readonly codec: CommandCodec;
  readonly producer: Pick<Producer, 'send'>;
  readonly logger: Logger;
  /**
   * What was sent is marked as such so often, in groups. Until then another may send it again, which changes nothing.
   * Default 0: at once, before `sendOnce` answers.
   */
  readonly markEveryMs?: number;
}

const retryMsMin = 200;
const retryMsMax = 5_000;
const unsentMax = 200;
const untoldMax = 500;
/** Whoever has just answered sends by itself; another takes over when nothing was heard for so long. */
const idleMs = 5_000;
/** Of what is answered by then its engine hears once. */
const tellAfterMs = 500;

/**
 * Brings stored outcomes to the engine. An outcome may be sent several times, by whoever finds it unsent: its command has
 * the same id each time, and the engine takes it once. What comes while others are sent goes together: one request to the
 * brokers, one statement.
 */
export class OutcomeSender<Asked extends AnyWork, Outcome> {
  private readonly groups;
  private readonly marks;
  private readonly marking = new Set<Promise<unknown>>();

  constructor(private readonly parts: OutcomeSenderParts<Asked, Outcome>) {
    this.groups = new GroupedCalls((group: readonly AnsweredWork[]) => this.sendGroup(group), {
      itemsMax: 200,
      callsMax: 3,
      gathersTurn: true,
    });
    this.marks = new GroupedCalls((sent: readonly AnsweredWork[]) => this.mark(sent), {
      ...{ itemsMax: 500, callsMax: 1 },
      everyMs: parts.markEveryMs ?? 0,
    });
  }

  /** What is sent by now is marked, as far as that may be done. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.marking);
  }

  /** Tries again without end while the brokers are away; the outcome is stored, so that a stop loses nothing. */
  async send(answered: AnsweredWork, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.sendOnce(answered);
        return;
      } catch (error) {
        if (failures === 0) this.parts.logger.warn('An outcome could not be sent yet', { error });
        await sleep(Math.min(retryMsMin * 2 ** Math.min(failures, 10), retryMsMax), signal);
      }
    }
  }

  /** One try. What fails is found unsent by whoever looks next. */
  async sendOnce(answered: AnsweredWork): Promise<void> {
    const sent = await this.groups.call(answered);
    if (sent.status === 'rejected') throw sent.reason;
  }

  /** Sends what others have answered and not sent: workers, executors that were lost, and leases that ended. */
  async sendUnsent(waitMs = idleMs): Promise<void> {
    const unsent = await this.parts.works.unsent(waitMs, unsentMax);
    const results = await Promise.allSettled(unsent.map((answered) => this.sendOnce(answered)));
    this.warnOf(results, 'Outcomes could not be sent yet');
  }

  /** Tells the engine of what workers have had for a while. */
  async tellBegun(heldMs = tellAfterMs): Promise<void> {
    const { kind, works } = this.parts;
    if (kind.begunOf === undefined) return;
    const begun = await works.untold(heldMs, untoldMax);
    const results = await Promise.allSettled(begun.map(async (one) => this.produce(one, 'begun', this.startOf(one))));
    const told = begun.filter((_, at) => results[at]?.status === 'fulfilled');
    if (told.length > 0) await works.told(told);
    this.warnOf(results, 'Starts of steps could not be told yet');
  }

  private startOf({ work, owner, begunMs }: BegunWork): GivenCommand | undefined {
    // Written by this process or its like, from what codecs had checked; so are outcomes.
    const asked: Asked = JSON.parse(work);
    return this.parts.kind.begunOf?.(asked, { worker: owner, begunMs });
  }

  private async sendGroup(group: readonly AnsweredWork[]): Promise<readonly PromiseSettledResult<void>[]> {
    const { kind } = this.parts;
    // One that cannot be made a command keeps no other back.
    const results = await Promise.allSettled(
      group.map(async (one) => this.produce(one, 'outcome', this.resultOf(one))),
    );
    const sent = group.filter((_, at) => results[at]?.status === 'fulfilled');
    if (sent.length === 0) return results;
    crashPoint(`${kind.crashPrefix}-after-send`);
    if ((this.parts.markEveryMs ?? 0) === 0) await this.mark(sent);
    else for (const one of sent) this.markLater(one);
    return results;
  }

  private async mark(sent: readonly AnsweredWork[]): Promise<readonly undefined[]> {
    const { works, inbox = works } = this.parts;
    await inbox.done(sent);
    return sent.map(() => undefined);
  }

  private markLater(sent: AnsweredWork): void {
    // What stays unmarked is found unsent by whoever looks next.
    const marking: Promise<unknown> = this.marks
      .call(sent)
      .catch(() => undefined)
      .finally(() => this.marking.delete(marking));
    this.marking.add(marking);
  }

  private resultOf({ work, outcome, owner = null, begunMs = null }: AnsweredWork): GivenCommand | undefined {
    const asked: Asked = JSON.parse(work);
    const came: Outcome = JSON.parse(outcome);
    return this.parts.kind.commandOf(asked, came, { worker: owner, begunMs });
  }

  /** @param what Of which the command tells: names it among those of the same work. */
  private async produce(
    { tenantId, workId, metadata }: Pick<BegunWork, 'tenantId' | 'workId' | 'metadata'>,
    what: 'outcome' | 'begun',
    given: GivenCommand | undefined,
  ): Promise<void> {
    if (given === undefined) return;
    const { kind, codec, producer } = this.parts;
    const { id, subject, ...context }: KeptMetadata = JSON.parse(metadata);
    const record = codec.encode({
      command: given.command,
      metadata: {
        ...context,
        id: derivedId(tenantId, workId, what),
        subject: given.subject ?? subject,
        source: kind.source,
        tenantId,
        timeMs: Date.now(),
        causationId: id,
        actor: kind.source,
      },
    });
    await producer.send(record);
  }

  private warnOf(results: readonly PromiseSettledResult<unknown>[], message: string): void {
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) this.parts.logger.warn(message, { error: failed.reason });
  }
}
