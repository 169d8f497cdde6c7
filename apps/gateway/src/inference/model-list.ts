import type { InferenceReader, OfferedModel } from '@chorda/read-models';

const freshMs = 1_000;

/** Models that are offered now; asked of the database at most once a second. */
export class ModelList {
  private models: Promise<readonly OfferedModel[]> | undefined;
  private readAtMs = 0;

  constructor(private readonly reader: InferenceReader) {}

  all(): Promise<readonly OfferedModel[]> {
    const nowMs = performance.now();
    if (this.models !== undefined && nowMs - this.readAtMs < freshMs) return this.models;
    this.readAtMs = nowMs;
    const reading = this.reader.models();
    this.models = reading;
    reading.catch(() => {
      if (this.models === reading) this.models = undefined;
    });
    return reading;
  }
}
