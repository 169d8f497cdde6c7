import { Counter, type Registry } from 'prom-client';

const name = 'chorda_run_events_total';

/** One of a process: what runs emit and what producers send are told by the same. */
export function runEventsCounter(registry: Registry): Counter<'came'> {
  const before = registry.getSingleMetric(name);
  if (before instanceof Counter) return before;
  return new Counter({
    name,
    help: 'What events that runs emitted, or producers sent, came to for runs that wait: woken, left (its filter said no), late (it waits no more), failed (a fault of ours), keyless (nothing in it that would make the key), dropped (kept for later, and its tenant keeps as many as it may)',
    labelNames: ['came'],
    registers: [registry],
  });
}
