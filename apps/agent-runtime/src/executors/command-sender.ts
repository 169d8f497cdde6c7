import type { CommandCodec } from '@chorda/contracts';
import { commandOf, type AssignedWork, type WorkOutcome } from '@chorda/domain';
import { derivedId, sleep, type Logger, type TenantId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type { AgentWorkRepository } from '@chorda/read-models';
import type { KeptMetadata } from './work-intake.js';

export interface Answered {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly work: string;
  readonly metadata: string;
  readonly outcome: string;
}

export interface CommandSenderParts {
  readonly works: AgentWorkRepository;
  readonly codec: CommandCodec;
  readonly producer: Producer;
  readonly logger: Logger;
}

const source = 'urn:chorda:service:agent-runtime';
const retryMsMin = 200;
const retryMsMax = 5_000;
const unsentMax = 200;
/** Whoever has just answered sends by itself; another takes over when nothing was heard for so long. */
const idleMs = 5_000;

/**
 * Brings stored outcomes to the engine. An outcome may be sent several times, by whoever finds it unsent: its command has
 * the same id each time, and the engine takes it once.
 */
export class CommandSender {
  constructor(private readonly parts: CommandSenderParts) {}

  /** Tries again without end while the brokers are away; the outcome is stored, so that a stop loses nothing. */
  async send(answered: Answered, signal: AbortSignal): Promise<void> {
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
  async sendUnsent(waitMs = idleMs): Promise<number> {
    const unsent = await this.parts.works.unsent(waitMs, unsentMax);
    const results = await Promise.allSettled(unsent.map((answered) => this.sendOnce(answered)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) this.parts.logger.warn('Outcomes could not be sent yet', { error: failed.reason });
    return unsent.length;
  }

  private async sendOnce({ tenantId, workId, work, metadata, outcome }: Answered): Promise<void> {
    // All three were written by this process or its like, from what codecs had checked.
    const { id, ...context }: KeptMetadata = JSON.parse(metadata);
    const asked: AssignedWork = JSON.parse(work);
    const came: WorkOutcome = JSON.parse(outcome);
    const record = this.parts.codec.encode({
      command: commandOf(asked, came),
      metadata: {
        ...context,
        id: derivedId(tenantId, workId, 'outcome'),
        source,
        tenantId,
        timeMs: Date.now(),
        causationId: id,
        actor: source,
      },
    });
    await this.parts.producer.send(record);
    crashPoint('executor-after-send');
    await this.parts.works.done([{ tenantId, workId }]);
  }
}
