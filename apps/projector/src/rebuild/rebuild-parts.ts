import type { Logger } from '@chorda/kernel';
import type { KafkaAdmin } from '@chorda/messaging';
import type pg from 'pg';
import type { ParkBounds } from '../parking/park-bounds.js';
import type { AdvanceNotifier } from '../runner/advance-notifier.js';
import type { Projection } from '../runner/projection.js';
import type { LogReader } from './log-batches.js';
import type { RebuildMetrics } from './rebuild-metrics.js';
import type { RebuildPace } from './rebuild-pace.js';

export interface RebuildSettings {
  /** Partitions that are filled at once, and connections that it takes. */
  readonly connectionsMax: number;
  /** Events a second; undefined: as fast as it goes. */
  readonly rateMax: number | undefined;
  /** How long the old tables are kept up for a swap back. */
  readonly keepHours: number;
  readonly bounds: ParkBounds;
}

export interface RebuildParts {
  /** Sessions for filling: their transactions may take longer than those of live. */
  readonly pool: pg.Pool;
  /** Sessions for what locks rows and views that others want: the server ends them after seconds. */
  readonly lockPool: pg.Pool;
  /** A session for comparing, which may take minutes. */
  readonly comparePool: pg.Pool;
  /** Every version of every projection that this code has. */
  readonly codes: readonly Projection[];
  readonly admin: KafkaAdmin;
  readonly reader: LogReader;
  readonly group: string;
  /** Names this process. */
  readonly owner: string;
  readonly topicId: (topic: string) => Promise<string | undefined>;
  readonly notifier: Pick<AdvanceNotifier, 'notify'>;
  readonly settings: RebuildSettings;
  readonly metrics: RebuildMetrics;
  /** Of all rebuilds of this process together: what live shows is shown to each of them. */
  readonly pace: RebuildPace;
  readonly logger: Logger;
  /** One rebuild fills at a time in a process. */
  readonly fillSlot: FillSlot;
}

/** Lets one in at a time. */
export class FillSlot {
  private last: Promise<unknown> = Promise.resolve();

  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
