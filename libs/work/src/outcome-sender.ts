import type { AnyWork, CommandCodec } from '@chorda/contracts';
import { derivedId, sleep, type Logger } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type { AgentWorkRepository, AnsweredWork } from '@chorda/read-models';
import type { KeptMetadata, WorkKind } from './work-kind.js';

export interface OutcomeSenderParts<Work extends AnyWork, Asked extends Work, Outcome> {
  readonly kind: Pick<WorkKind<Work, Asked, Outcome>, 'source' | 'commandOf' | 'crashPrefix'>;
  readonly works: AgentWorkRepository;
  readonly codec: CommandCodec;
  readonly producer: Producer;
  readonly logger: Logger;
}

const retryMsMin = 200;
const retryMsMax = 5_000;
const unsentMax = 200;
/** Whoever has just answered sends by itself; another takes over when nothing was heard for so long. */
const idleMs = 5_000;

/**
 * Brings stored outcomes to the engine. An outcome may be sent several times, by whoever finds it unsent: its command has
 * the same id each time, and the engine takes it once.
 */
export class OutcomeSender<Work extends AnyWork, Asked extends Work, Outcome> {
  constructor(private readonly parts: OutcomeSenderParts<Work, Asked, Outcome>) {}

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

  /** Sends what others have answered and not sent: workers, executors that were lost, and leases that ended. */
  async sendUnsent(waitMs = idleMs): Promise<void> {
    const unsent = await this.parts.works.unsent(waitMs, unsentMax);
    const results = await Promise.allSettled(unsent.map((answered) => this.sendOnce(answered)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) this.parts.logger.warn('Outcomes could not be sent yet', { error: failed.reason });
  }

  private async sendOnce({ tenantId, workId, work, metadata, outcome }: AnsweredWork): Promise<void> {
    const { kind, codec, producer, works } = this.parts;
    // All three were written by this process or its like, from what codecs had checked.
    const { id, subject, ...context }: KeptMetadata = JSON.parse(metadata);
    const asked: Asked = JSON.parse(work);
    const came: Outcome = JSON.parse(outcome);
    const given = kind.commandOf(asked, came);
    if (given) {
      const record = codec.encode({
        command: given.command,
        metadata: {
          ...context,
          id: derivedId(tenantId, workId, 'outcome'),
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
    crashPoint(`${kind.crashPrefix}-after-send`);
    await works.done([{ tenantId, workId }]);
  }
}
