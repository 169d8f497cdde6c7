import type { AssignedPartition, ReadLimits, RecordChunk } from '@chorda/messaging';

/**
 * Reads the command partition one chunk ahead: the next records come while a turn is decided and published. It lives as
 * long as the assignment, over all claims of it, because a read that waits cannot be called back: two of them would take
 * records from each other.
 */
export class CommandReader {
  private reading: Promise<void> | undefined;
  private arrived: RecordChunk | undefined;
  private fault: Error | undefined;

  constructor(
    private readonly partition: AssignedPartition,
    private readonly limits: ReadLimits,
  ) {}

  /** What comes from now on stands at `offset` or behind it; what came before is dropped. */
  async startAt(offset: bigint): Promise<void> {
    // A read that has its records already hands them over within this turn of the event loop. One that still waits after
    // it will give what comes from the new place.
    await new Promise((resolve) => setImmediate(resolve));
    this.arrived = undefined;
    this.fault = undefined;
    await this.partition.start(offset);
    this.readAhead();
  }

  /**
   * What has come, if anything.
   *
   * @throws what reading threw.
   */
  take(): RecordChunk | undefined {
    if (this.fault !== undefined) {
      const { fault } = this;
      this.fault = undefined;
      throw fault;
    }
    const { arrived } = this;
    this.arrived = undefined;
    this.readAhead();
    return arrived;
  }

  /** Until there is something to take, or nothing will come any more. */
  async whenArrived(): Promise<void> {
    this.readAhead();
    await this.reading;
  }

  private readAhead(): void {
    if (this.reading || this.arrived || this.fault !== undefined || this.partition.intake.aborted) return;
    this.reading = this.partition.read(this.limits).then(
      (chunk) => {
        this.reading = undefined;
        // Control records alone bring nothing to decide.
        if (chunk && chunk.records.length > 0) this.arrived = chunk;
        else this.readAhead();
      },
      (error: unknown) => {
        this.reading = undefined;
        this.fault = error instanceof Error ? error : new Error(String(error));
      },
    );
  }
}
