import { EventCodec } from '@chorda/contracts';
import { silentLogger, sleep } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { CheckpointRepository } from '@chorda/read-models';
import { waitFor } from '../backbone.js';
import { latenciesOf } from '../latency.bench.js';
import { sampleEvent } from '../sample-event.js';
import { percentile } from '../samples.js';
import { beginRebuild, cancelRebuild, startLive, type LiveProjector, type Setting } from './ground.js';

export interface LatencySample {
  readonly round: number;
  readonly during: 'nothing else' | 'a rebuild';
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Events that the rebuild filled meanwhile. */
  readonly filled: number;
  /** Whether it went on until the last event: else a part of the round was measured without it. */
  readonly filledThroughout: boolean;
}

interface Given {
  readonly events: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Undefined: half of what is applied a second while as much as goes is sent. */
  readonly rate: number | undefined;
}

/**
 * From `send` to the commit of the row in the journal, all read models live, at half load: without and during a rebuild of
 * the journal, in turns.
 */
export async function liveLatency(
  setting: Setting,
  topicPrefix: string,
  { events, rounds, seconds, rate }: Given,
): Promise<readonly LatencySample[]> {
  const { stack, progress } = setting;
  const live = await startLive(setting, topicPrefix, 'all');
  const checkpoints = new CheckpointRepository(live.pool, live.databaseUrl);
  const codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
  const connection = { brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'bench' };
  const driver = createKafkaDriver(connection, { logger: silentLogger });
  const producer = await driver.createProducer();
  const send: Send = (record) => producer.send(record);
  const samples: LatencySample[] = [];
  try {
    await live.follow(() => live.appliedBy('journal', 1), { warmUp: 0, total: events });
    const eventsPerSecond = rate ?? Math.round((await capacity(live, codec, send)) / 2);
    progress(`live: ${eventsPerSecond} events/s`);
    const measure = async () => latenciesOf({ eventsPerSecond, seconds }, codec, send, checkpoints);
    for (let round = 0; round <= rounds; round += 1) {
      const turns = [
        ['nothing else', async () => ({ latencies: await measure(), filled: 0, filledThroughout: true })],
        ['a rebuild', () => duringRebuild(live, measure)],
      ] as const;
      for (const [during, run] of round % 2 === 0 ? turns : turns.toReversed()) {
        const { latencies, ...filling } = await run();
        const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
        if (round > 0) samples.push({ round, during, eventsPerSecond, p50Ms, p99Ms, ...filling });
        progress(
          `live: ${round === 0 ? 'warm-up' : `round ${round}/${rounds}`}, ${during}: p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms, ${filling.filled} events filled${filling.filledThroughout ? '' : ', which was over before the round'}`,
        );
      }
    }
  } finally {
    await producer.close();
    await driver.close();
    codec.close();
    await checkpoints.close();
    await live.stop();
  }
  return samples;
}

type Send = Parameters<typeof latenciesOf>[2];

async function duringRebuild(live: LiveProjector, measure: () => Promise<readonly number[]>) {
  const version = await beginRebuild(live, 'journal');
  await waitFor('The first rows of the rebuild', 60_000, async () => (await live.appliedBy('journal', version)) > 0);
  const before = await live.appliedBy('journal', version);
  const latencies = await measure();
  const filled = (await live.appliedBy('journal', version)) - before;
  const filledThroughout = (await live.rebuilds.latest('journal'))?.state === 'filling';
  await cancelRebuild(live, 'journal');
  return { latencies, filled, filledThroughout };
}

/** Events applied a second while the sender has always so many on their way, on the same processors. */
async function capacity(live: LiveProjector, codec: EventCodec, send: Send): Promise<number> {
  const seconds = 10;
  const inFlightMax = 5_000;
  let [inFlight, index, isOver] = [0, 0, false];
  const sending = (async () => {
    while (!isOver) {
      for (; inFlight < inFlightMax; inFlight += 1) {
        void send(codec.encode(sampleEvent(index++))).finally(() => (inFlight -= 1));
      }
      await sleep(1);
    }
  })();
  await sleep(2_000);
  const before = await live.appliedBy('journal', 1);
  await sleep(seconds * 1_000);
  const applied = (await live.appliedBy('journal', 1)) - before;
  isOver = true;
  await sending;
  await waitFor('The sender', 60_000, () => Promise.resolve(inFlight === 0));
  let last = -1;
  // What is left of it must not be part of a round.
  await waitFor('The projector to catch up', 300_000, async () => {
    const now = await live.appliedBy('journal', 1);
    const isStill = now === last;
    last = now;
    await sleep(1_000);
    return isStill;
  });
  return applied / seconds;
}
