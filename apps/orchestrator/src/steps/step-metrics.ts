import type { WorkMetrics } from '@chorda/work';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Figures of one executor of steps. */
export function stepMetrics(registry: Registry) {
  const registers = [registry];
  return {
    label: 'type',
    works: new Counter({
      name: 'chorda_workflow_steps_done_total',
      help: 'Steps that came to an end here, by type and by what they came to',
      labelNames: ['type', 'outcome'],
      registers,
    }),
    seconds: new Histogram({
      name: 'chorda_workflow_step_seconds',
      help: 'Time from when a step was begun here to its outcome',
      labelNames: ['type'],
      buckets: [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    running: new Gauge({ name: 'chorda_workflow_steps_running', help: 'Steps that are being done here', registers }),
    inbox: new Gauge({
      name: 'chorda_workflow_step_inbox',
      help: 'Steps of all executors and workers, by queue and state (ready, leased, answered)',
      labelNames: ['queue', 'state'],
      registers,
    }),
    repeated: new Counter({
      name: 'chorda_workflow_steps_repeated_total',
      help: 'Steps that were begun again because their lease had ended',
      registers,
    }),
    lost: new Counter({
      name: 'chorda_workflow_steps_lost_total',
      help: 'Steps whose lease ended and which must not be repeated: reported as lost',
      registers,
    }),
    expired: new Counter({
      name: 'chorda_workflow_steps_expired_total',
      help: 'Steps that nobody began before their deadline',
      registers,
    }),
    late: new Counter({
      name: 'chorda_workflow_late_results_total',
      help: 'Outcomes that came after their lease was lost, and changed nothing',
      labelNames: ['type'],
      registers,
    }),
    revoked: new Counter({
      name: 'chorda_workflow_steps_revoked_total',
      help: 'Steps that were stopped because nobody waited for them any more: their run was cancelled or had ended',
      labelNames: ['type'],
      registers,
    }),
    refusedIntake: new Counter({
      name: 'chorda_workflow_inbox_full_total',
      help: 'Batches of steps that were left on the log because the inbox was full',
      registers,
    }),
    leftToLog: new Counter({
      name: 'chorda_workflow_steps_left_to_log_total',
      help: 'Published steps that came into the inbox from the log alone, by reason (full, failed, stopped)',
      labelNames: ['reason'],
      registers,
    }),
  } satisfies WorkMetrics;
}
