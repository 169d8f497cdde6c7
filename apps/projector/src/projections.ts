import { journalProjection } from './journal/journal.projection.js';
import { DayPartitions } from './runner/day-partitions.js';
import type { Projection } from './runner/projection.js';
import { serviceHealth } from './services/service-health.projection.js';
import { services } from './services/services.projection.js';

/** Whole days that histories are kept; Infinity keeps them for ever. */
export interface Retention {
  readonly journalDays: number;
  readonly healthDays: number;
}

/** Every projection that a projector runs. A new one is one line here; `docs/how-to/write-a-projection.md` shows it. */
export function allProjections({ journalDays, healthDays }: Retention): readonly Projection[] {
  return [
    journalProjection(new DayPartitions('journal_v1', journalDays)),
    services,
    serviceHealth(new DayPartitions('service_health_v1', healthDays)),
  ];
}

/** Those of their tables that are cut by day, for upkeep. */
export function dayTablesOf(projections: readonly Projection[]): readonly DayPartitions[] {
  return projections.flatMap(({ days }) => days ?? []);
}
