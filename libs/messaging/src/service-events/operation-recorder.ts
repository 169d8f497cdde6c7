import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { system } from '@chorda/contracts';

/** Kinds of work; past it a kind is not counted, since a name made from data would grow without end. */
const kindsMax = 32;
const hourUs = 3_600_000_000;

interface Kind {
  readonly durationsUs: RecordableHistogram;
  errors: number;
}

/** Counts work between two reports. Costs under a microsecond a call, and some kilobytes a kind. */
export class OperationRecorder {
  private readonly kinds = new Map<string, Kind>();

  /** `name`: http.request, consumer.batch, producer.send, projection.commit, or one of the service's own. */
  record(name: string, durationMs: number, failed = false): void {
    const kind = this.kinds.get(name) ?? this.add(name);
    if (kind === undefined) return;
    kind.durationsUs.record(Math.min(hourUs, Math.max(1, Math.round(durationMs * 1000))));
    if (failed) kind.errors += 1;
  }

  /** What ended since the last call. */
  take(): readonly system.OperationPerformance[] {
    const taken: system.OperationPerformance[] = [];
    for (const [name, kind] of this.kinds) {
      const { durationsUs, errors } = kind;
      if (durationsUs.count === 0) continue;
      taken.push({
        name,
        count: durationsUs.count,
        errors,
        latency_p50_ms: durationsUs.percentile(50) / 1000,
        latency_p99_ms: durationsUs.percentile(99) / 1000,
      });
      durationsUs.reset();
      kind.errors = 0;
    }
    return taken;
  }

  private add(name: string): Kind | undefined {
    if (this.kinds.size >= kindsMax) return undefined;
    const kind = { durationsUs: createHistogram({ lowest: 1, highest: hourUs, figures: 2 }), errors: 0 };
    this.kinds.set(name, kind);
    return kind;
  }
}
