import type { TestStack } from '@chorda/testing';
import { cpuSeconds } from '../projector/processors.js';
import { sampleEvent } from '../sample-event.js';
import type { Server } from './contestants.js';
import { planOf, summaryOf, type Pace, type Round } from './ingest-arms.js';
import { measuredLoad } from './measured-load.js';

const queriesPerSecond = 1_000;
const eventsPerSecond = 500;
const agents = 100;

/** `{agent}` in what is asked for becomes each of the agents that events are sent of: no two queries at once are the same. */
function targets(target: string): readonly string[] {
  return Array.from({ length: target.includes('{agent}') ? agents : 1 }, (_, index) =>
    target.replaceAll('{agent}', encodeURIComponent(sampleEvent(index).metadata.subject)),
  );
}

/** Queries at a fixed rate beside ingest, both at the same gateway, while a projector makes rows of what is sent. */
export async function queriesBesideIngest(
  { stack, gateway, projector }: { readonly stack: TestStack; readonly gateway: Server; readonly projector: Server },
  target: string,
  pace: Pace,
  note: (round: Round) => void,
): Promise<void> {
  // The first round warms up: what a JIT and empty tables do in their first seconds is another measure.
  for (let round = 0; round <= pace.rounds; round += 1) {
    const durationMs = pace.seconds * 1000;
    const before = [cpuSeconds(stack, [gateway.pid]), cpuSeconds(stack, [projector.pid])] as const;
    const writes = measuredLoad(planOf(gateway, { durationMs, perSecond: eventsPerSecond }), gateway.pid);
    const reads = measuredLoad(
      planOf(gateway, {
        durationMs,
        perSecond: queriesPerSecond,
        method: 'GET',
        targets: targets(target),
        bodies: [''],
      }),
      gateway.pid,
    );
    const [written, read] = await Promise.all([writes, reads]);
    const [own, other] = [cpuSeconds(stack, [gateway.pid]), cpuSeconds(stack, [projector.pid])];
    if (round === 0) continue;
    const figures = {
      gateway_cpu_s: own.own - before[0].own,
      postgres_cpu_s: own.postgres - before[0].postgres,
      projector_cpu_s: other.own - before[1].own,
      kafka_cpu_s: own.kafka - before[0].kafka,
      load_cpu_s: read.cpuSeconds + written.cpuSeconds,
      seconds: Math.max(read.seconds, written.seconds),
    };
    note({ arm: 'query', contestant: `${queriesPerSecond} queries a second`, round, figures: summaryOf(read) });
    note({ arm: 'query', contestant: `${eventsPerSecond} events beside them`, round, figures: summaryOf(written) });
    note({ arm: 'query', contestant: 'all processes together', round, figures });
  }
}
