import type { Counter, Gauge, Histogram } from 'prom-client';

/** Figures of one executor. Its app names them, and what they are split by: `label` is the name of that. */
export interface WorkMetrics {
  readonly label: 'queue' | 'type';
  /** By label and outcome. */
  readonly works: Counter;
  /** By label. */
  readonly seconds: Histogram;
  readonly running: Gauge;
  /** By queue and state. */
  readonly inbox: Gauge;
  readonly repeated: Counter;
  readonly lost: Counter;
  readonly expired: Counter;
  /** By label. */
  readonly late: Counter;
  /** By label. */
  readonly revoked: Counter;
  readonly refusedIntake: Counter;
  /** Published work that was not handed over in the process, by reason (full, failed, stopped). Left out: none is. */
  readonly leftToLog?: Counter<'reason'>;
}
