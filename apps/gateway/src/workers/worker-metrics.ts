import { Counter, Gauge, type Registry } from 'prom-client';

export type WorkerMetrics = ReturnType<typeof workerMetrics>;

export function workerMetrics(registry: Registry) {
  const registers = [registry];
  return {
    waiting: new Gauge({ name: 'chorda_worker_polls', help: 'Workers that wait for calls of their tools', registers }),
    refused: new Counter({
      name: 'chorda_worker_polls_refused_total',
      help: 'Polls that were refused because as many wait as may',
      registers,
    }),
    calls: new Counter({
      name: 'chorda_worker_calls_total',
      help: 'Calls of tools of workers, by what became of them (given, invalid_arguments, completed, failed, late)',
      labelNames: ['result'],
      registers,
    }),
  };
}
