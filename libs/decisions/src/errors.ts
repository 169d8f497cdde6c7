import { BackboneError } from '@chorda/kernel';

/** Another owner has taken the partition, or it stands elsewhere than this owner thought. */
export class PartitionFencedError extends BackboneError {
  readonly code = 'PARTITION_FENCED';
  readonly retriable = true;

  constructor(kind: string, partition: number) {
    super(`Partition ${partition} of ${kind} is not this owner's to decide any more; it stands down and claims anew`);
  }
}

/** The log does not hold what it should: deciding on top of it would write a second history. */
export class LogGapError extends BackboneError {
  readonly code = 'LOG_GAP';
  readonly retriable = true;
}
