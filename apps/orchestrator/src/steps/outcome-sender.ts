import type { CommandCodec, WorkflowWork } from '@chorda/contracts';
import { derivedId, sleep, type Logger, type TenantId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type { AgentWorkRepository } from '@chorda/read-models';
import type { KeptMetadata } from './step-intake.js';
import { commandOf, type StepOutcome } from './step-outcome.js';

export interface Answered {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly work: string;
  readonly metadata: string;
  readonly outcome: string;
}

export interface OutcomeSenderParts {
  readonly works: AgentWorkRepository;
  readonly codec: CommandCodec;
  readonly producer: Producer;
  readonly logger: Logger;
}

export const source = 'urn:chorda:service:orchestrator';
const retryMsMin = 200;
const retryMsMax = 5_000;
const unsentMax = 200;
/** Whoever has just answered sends by itself; another takes over when nothing was heard for so long. */
const idleMs = 5_000;

/**
 * Brings stored outcomes to the engine. An outcome may be sent several times, by whoever finds it unsent: its command has
 * the same id each time, and the engine takes it once.
 */
export class OutcomeSender {
  constructor(private readonly parts: OutcomeSenderParts) {}

  /** Tries again without end while the brokers are away; the outcome is stored, so that a stop loses nothing. */
  async send(answered: Answered, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.sendOnce(answered);
        return;
      } catch (error) {
        if (failures === 0) this.parts.logger.warn('What a step came to could not be sent yet', { error });
        await sleep(Math.min(retryMsMin * 2 ** Math.min(failures, 10), retryMsMax), signal);
      }
    }
  }

  /** Sends what others have answered and not sent: workers, executors that were lost, and leases that ended. */
  async sendUnsent(waitMs = idleMs): Promise<void> {
    const unsent = await this.parts.works.unsent(waitMs, unsentMax);
    const results = await Promise.allSettled(unsent.map((answered) => this.sendOnce(answered)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) this.parts.logger.warn('What steps came to could not be sent yet', { error: failed.reason });
  }

  private async sendOnce({ tenantId, workId, work, metadata, outcome }: Answered): Promise<void> {
    // All three were written by this process or its like, from what codecs had checked.
    const { id, subject, ...context }: KeptMetadata = JSON.parse(metadata);
    const asked: WorkflowWork = JSON.parse(work);
    const came: StepOutcome = JSON.parse(outcome);
    const command = commandOf(asked, came);
    if (command) {
      const about = 'workflow_id' in command.data ? command.data.workflow_id : subject;
      const record = this.parts.codec.encode({
        command,
        metadata: {
          ...context,
          id: derivedId(tenantId, workId, 'outcome'),
          subject: about,
          source,
          tenantId,
          timeMs: Date.now(),
          causationId: id,
          actor: source,
        },
      });
      await this.parts.producer.send(record);
    }
    crashPoint('orchestrator-after-send');
    await this.parts.works.done([{ tenantId, workId }]);
  }
}
