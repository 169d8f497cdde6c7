import type { AnyCommand, AnyWork, EventMetadata } from '@chorda/contracts';
import type { TenantId } from '@chorda/kernel';
import type { AgentWorkRepository, LeasedWork, NewWork } from '@chorda/read-models';

/** How an engine hears of its work. */
export interface AnswerKind<Asked extends AnyWork, Outcome> {
  /** Of the commands that bring outcomes. */
  readonly source: string;
  /** Of the crash points that its tests name. */
  readonly crashPrefix: string;
  /** Undefined: the engine hears of the end by another way, and no command is sent. */
  commandOf(work: Asked, outcome: Outcome, begun: Begun): GivenCommand | undefined;
  /** Tells the engine that somebody has work of which no outcome has come yet. Left out: it does not ask. */
  begunOf?(work: Asked, begun: Begun): GivenCommand | undefined;
}

/** Who was given work, and when first; nulls: nobody was. */
export interface Begun {
  readonly worker: string | null;
  readonly begunMs: number | null;
}

/** What sets the work that one engine gives out apart from that of another. */
export interface WorkKind<Work extends AnyWork, Asked extends Work, Outcome> extends AnswerKind<Asked, Outcome> {
  readonly table: NonNullable<ConstructorParameters<typeof AgentWorkRepository>[1]>;
  readonly consumerGroup: string;
  readonly topics: readonly string[];
  /** Types of records that end other work. They come by the log alone, where they stand behind what they end. */
  readonly endsWork: ReadonlySet<string>;
  readonly channels: { readonly ready: string; readonly answered: string; readonly revoked: string };
  /** Queues whose work is done here; what users' own processes do only passes through the inbox. */
  readonly queues: readonly string[];
  /** The answer to work that must not be repeated and whose lease ended. */
  readonly lost: Outcome;
  /** What a record of the log asks for: a row of the inbox, or that tries are given up. */
  read(topic: string, work: Work, metadata: EventMetadata): WorkRead;
  /** What figures are split by. */
  labelOf(leased: LeasedWork, work: Asked): string;
  /** How figures call what it came to. */
  endOf(outcome: Outcome): string;
  /** Whether others may bring it further, who have the time that a process that stops has not. */
  isUnfinished(outcome: Outcome): boolean;
}

export type WorkRead =
  | { readonly kind: 'asked'; readonly item: NewWork }
  | { readonly kind: 'revoked'; readonly works: readonly RevokedRecord[] };

/** A try that nobody waits for any more. */
export interface RevokedWork {
  readonly tenantId: TenantId;
  readonly workId: string;
}

export interface RevokedRecord extends RevokedWork {
  readonly queue: string;
  readonly metadata: KeptMetadata;
}

export interface GivenCommand {
  readonly command: AnyCommand;
  /** Left out: that of the record that asked. */
  readonly subject?: string;
}

/** Work as whoever does it gets it. */
export interface Assignment<Asked> {
  readonly work: Asked;
  readonly tenantId: TenantId;
  /** What is left until the engine gives the try up. */
  readonly leftMs: number;
  readonly metadata: KeptMetadata;
  /** Aborted when the lease is lost, the work is revoked or the executor stops: an outcome is of use no more. */
  readonly signal: AbortSignal;
}

/** Does work of one kind. A throw is a fault of ours: the work is thought lost. */
export interface WorkRunner<Asked, Outcome> {
  run(assignment: Assignment<Asked>): Promise<Outcome>;
  /** What the log says that nobody waits for; heard before it is taken from whoever does it. A throw is tried again. */
  revoked?(works: readonly RevokedRecord[]): Promise<void>;
  /** Nothing is done any more. */
  close?(): Promise<void>;
}

/** What the command that answers needs of the record that asked. */
export type KeptMetadata = Pick<EventMetadata, 'id' | 'subject' | 'correlationId' | 'traceparent' | 'tracestate'>;

export function keptMetadata({ id, subject, correlationId, traceparent, tracestate }: EventMetadata): KeptMetadata {
  return {
    ...{ id, subject, correlationId },
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  };
}

/** Kept back from the time that is left, so that an outcome reaches the engine before it gives the try up. */
const answerTimeMs = 1_000;

export function timeForWorkMs(leftMs: number): number {
  return Math.max(1, Math.floor(leftMs - Math.min(answerTimeMs, leftMs / 4)));
}
