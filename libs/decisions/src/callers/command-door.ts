import { BackboneError, type TenantId } from '@chorda/kernel';
import type { OutgoingRecord, Producer, RecordPlace } from '@chorda/messaging';
import type { AdmissionRefusal, DecisionAdmission } from './admission.js';
import type { OutcomeWaiter, ToldOutcome } from './outcome-waiter.js';

/** The engine cannot keep up. Nothing was taken; answered 429 with `Retry-After`. */
export class CommandRefusedAtDoorError extends BackboneError {
  readonly code = 'DECISIONS_OVERLOADED';
  readonly retriable = true;

  constructor(readonly refusal: AdmissionRefusal) {
    super(`Commands wait too long to be decided; come again after ${refusal.retryAfterSeconds} s`);
  }
}

/** What became of a command by the time that its caller is answered. */
export type CommandAnswer =
  | ({ readonly kind: 'decided' } & ToldOutcome)
  /** The record is acknowledged; its outcome is not known yet, and may be asked for by the command's id. */
  | { readonly kind: 'taken'; readonly place: RecordPlace };

export interface GiveOptions {
  readonly tenantId: TenantId;
  readonly commandId: string;
  /** 0: the caller does not want to wait. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** Where callers give commands: admission, the log, and the wait for the outcome. */
export class CommandDoor {
  constructor(
    private readonly producer: Producer,
    private readonly waiter: OutcomeWaiter,
    private readonly admission: Pick<DecisionAdmission, 'refusal'>,
  ) {}

  /**
   * @param record With its partition, as the codec made it.
   * @throws {@link CommandRefusedAtDoorError} before anything was taken.
   * @throws what the producer throws; `DeliveryUnknownError`: it may be decided, and the same id may be given again.
   */
  async give(record: OutgoingRecord & { readonly partition: number }, options: GiveOptions): Promise<CommandAnswer> {
    const refusal = this.admission.refusal(record.partition);
    if (refusal) throw new CommandRefusedAtDoorError(refusal);
    const { tenantId, commandId, waitMs, signal } = options;
    const place = await this.producer.send(record);
    if (waitMs <= 0) return { kind: 'taken', place };
    const told = await this.waiter.wait({ tenantId, commandId, place }, waitMs, signal);
    return told ? { kind: 'decided', ...told } : { kind: 'taken', place };
  }
}
