import type { WorkMetrics } from '@chorda/work';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type ExecutorMetrics = ReturnType<typeof executorMetrics>;

/** Figures of one executor. */
export function executorMetrics(registry: Registry) {
  const registers = [registry];
  return {
    label: 'queue',
    works: new Counter({
      name: 'chorda_agent_work_total',
      help: 'Work that came to an end here, by queue and by what it came to',
      labelNames: ['queue', 'outcome'],
      registers,
    }),
    seconds: new Histogram({
      name: 'chorda_agent_work_seconds',
      help: 'Time from when work was begun to its outcome',
      labelNames: ['queue'],
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    running: new Gauge({ name: 'chorda_agent_work_running', help: 'Work that is being done here', registers }),
    inbox: new Gauge({
      name: 'chorda_agent_work_inbox',
      help: 'Work of all executors and workers, by queue and state (ready, leased, answered)',
      labelNames: ['queue', 'state'],
      registers,
    }),
    repeated: new Counter({
      name: 'chorda_agent_work_repeated_total',
      help: 'Work that was begun again because its lease had ended',
      registers,
    }),
    lost: new Counter({
      name: 'chorda_agent_work_lost_total',
      help: 'Calls whose lease ended and which must not be repeated: reported as lost',
      registers,
    }),
    expired: new Counter({
      name: 'chorda_agent_work_expired_total',
      help: 'Work that nobody began before its deadline',
      registers,
    }),
    late: new Counter({
      name: 'chorda_agent_late_results_total',
      help: 'Outcomes that came after their lease was lost, and changed nothing',
      labelNames: ['queue'],
      registers,
    }),
    revoked: new Counter({
      name: 'chorda_agent_work_revoked_total',
      help: 'Work that was stopped because nobody waited for it any more: its execution was cancelled or had ended',
      labelNames: ['queue'],
      registers,
    }),
    refusedIntake: new Counter({
      name: 'chorda_agent_inbox_full_total',
      help: 'Batches of work that were left on the log because the inbox was full',
      registers,
    }),
    tokens: new Counter({
      name: 'chorda_agent_model_tokens_total',
      help: 'Tokens that models were sent and gave, by model and kind (prompt, cached_prompt, completion)',
      labelNames: ['model', 'kind'],
      registers,
    }),
  } satisfies WorkMetrics & { readonly tokens: Counter };
}
