import { createKafkaDriver } from '@chorda/messaging';
import { silentLogger, sleep } from '@chorda/kernel';
import { planOf, summaryOf, type Round } from './ingest-arms.js';
import type { Ground, Server } from './contestants.js';
import { measuredLoad } from './measured-load.js';

const offeredShare = 3;
const offerConnections = 256;
const recoveryMsMax = 30_000;

/**
 * A gateway whose setting admits so many requests at once is offered three times what it then does, at a fixed rate.
 * What it refuses must be refused early, what it admits must stay fast, and all that it acknowledged must be in the log.
 */
export async function overload(
  server: Server,
  ground: Ground,
  settings: { readonly admitted: number; readonly seconds: number; readonly brokers: readonly string[] },
  note: (round: Round) => void,
): Promise<void> {
  const closed = { connections: settings.admitted, durationMs: 10_000 };
  await measuredLoad(planOf(server, closed), server.pid);
  const normal = await measuredLoad(planOf(server, closed), server.pid);
  note({ arm: 'overload', contestant: 'before', round: 1, figures: summaryOf(normal) });
  const plan = planOf(server, {
    connections: offerConnections,
    durationMs: settings.seconds * 1000,
    perSecond: Math.ceil(normal.admittedPerSecond * offeredShare),
    tellAcknowledged: true,
  });
  const during = await measuredLoad(plan, server.pid);
  const recoveryMs = await untilNormal(server, normal.admitted.p99);
  const logged = await numbersInLog(ground, settings.brokers, plan.firstNumber);
  const lost = during.acknowledged.filter((number) => !logged.has(number)).length;
  note({
    arm: 'overload',
    contestant: 'during',
    round: 1,
    figures: {
      ...summaryOf(during),
      offered_per_second: plan.perSecond ?? 0,
      refused: (during.byStatus['503'] ?? 0) + (during.byStatus['429'] ?? 0),
      refused_p50_ms: during.refused.p50,
      refused_p99_ms: during.refused.p99,
      other_answers: otherAnswers(during.byStatus),
      p99_against_before: during.admitted.p99 / normal.admitted.p99,
      acknowledged: during.acknowledged.length,
      acknowledged_lost: lost,
      normal_again_after_ms: recoveryMs,
    },
  });
}

/** Milliseconds until a second of the load from before is answered whole, and as fast as then within a half. */
async function untilNormal(server: Server, p99Ms: number): Promise<number> {
  const startedMs = Date.now();
  while (Date.now() - startedMs < recoveryMsMax) {
    const figures = await measuredLoad(planOf(server, { connections: 4, durationMs: 1_000 }), server.pid);
    const isWhole = Object.keys(figures.byStatus).every((status) => status === '201');
    if (isWhole && figures.admitted.p99 < p99Ms * 1.5) return Date.now() - startedMs;
    await sleep(500);
  }
  return Number.POSITIVE_INFINITY;
}

function otherAnswers(byStatus: Readonly<Record<string, number>>): number {
  const expected = new Set(['201', '429', '503']);
  return Object.entries(byStatus).reduce((sum, [status, count]) => (expected.has(status) ? sum : sum + count), 0);
}

/** The numbers that the load wrote into ids, as the log has them. */
async function numbersInLog(ground: Ground, brokers: readonly string[], from: number): Promise<ReadonlySet<number>> {
  const connection = { brokers, topicPrefix: ground.topicPrefix, clientId: 'bench' };
  const driver = createKafkaDriver(connection, { logger: silentLogger });
  const numbers = new Set<number>();
  try {
    const admin = await driver.admin();
    for (const { partition, start, end } of await admin.offsets('agent.events')) {
      for await (const { records } of driver.scan({ topic: 'agent.events', partition, from: start, to: end })) {
        for (const { headers } of records) {
          const number = Number(String(headers['ce_id']).replace('bench-', ''));
          if (number >= from) numbers.add(number);
        }
      }
    }
  } finally {
    await driver.close();
  }
  return numbers;
}
