import type { AnyCommand, CommandCodec } from '@chorda/contracts';
import type { CommandDoor, CommandAnswer } from '@chorda/decisions';
import { BackboneError, type TenantId } from '@chorda/kernel';
import type { KeptMetadata } from '@chorda/work';
import { source } from './step-work.kind.js';

export interface GivenBy {
  readonly tenantId: TenantId;
  readonly commandId: string;
  readonly subject: string;
  readonly metadata: KeptMetadata;
}

const waitMs = 10_000;

export class StillUndecidedError extends BackboneError {
  readonly code = 'STILL_UNDECIDED';
  readonly retriable = true;
}

/** Gives commands to a decision engine and hears what became of them: also one that another process decides. */
export class CommandGiver {
  constructor(
    private readonly codec: CommandCodec,
    private readonly door: CommandDoor,
  ) {}

  /** The same command id again is the same command. `taken`: it is on the log, and not decided yet. */
  give(command: AnyCommand, { tenantId, commandId, subject, metadata }: GivenBy): Promise<CommandAnswer> {
    const { id: causationId, subject: _subject, ...context } = metadata;
    const record = this.codec.encode({
      command,
      metadata: {
        ...context,
        ...{ id: commandId, source, subject, tenantId, causationId, actor: source },
        timeMs: Date.now(),
      },
    });
    return this.door.give(record, { tenantId, commandId, waitMs });
  }
}
