import { freshDatabase, type TestStack } from '@chorda/testing';
import { sleep } from '@chorda/kernel';
import { figure, percentile } from '../samples.js';
import { textOf, type Rung } from './counter.js';
import { engineGround, type EngineGround } from './ground.js';

export interface TimersOptions {
  readonly stack: TestStack;
  readonly folder: string;
  readonly timers: number;
  /** They come due evenly over so long. */
  readonly overSeconds: number;
  readonly progress: (line: string) => void;
}

const timersOfStream = 20;
const setAtOnce = 128;
/** Until the first is due, beyond what setting them takes. */
const leadMs = 5_000;
const settleMsMax = 60_000;

/** Lateness of timers that come due evenly over a minute, as the event topic has them. */
export async function timers(options: TimersOptions): Promise<void> {
  const { stack, folder, overSeconds, progress } = options;
  const ground = await engineGround(stack, await freshDatabase(stack), folder);
  try {
    const streams = Math.ceil(options.timers / timersOfStream);
    // Two passes: the first says how long setting them takes, so that none is due before all are set.
    const probe = Math.min(500, streams);
    const probedMs = await setAll(ground, 'probe', probe, () => [Date.now() + 3_600_000]);
    const firstMs = Date.now() + (probedMs / probe) * streams * 2 + leadMs;
    const everyMs = (overSeconds * 1_000) / (streams * timersOfStream);
    const tookMs = await setAll(ground, 'stream', streams, (stream) =>
      Array.from({ length: timersOfStream }, (_, nth) => Math.ceil(firstMs + (nth * streams + stream) * everyMs)),
    );
    progress(`${streams * timersOfStream} timers set in ${figure(tookMs / 1_000)} s, due over ${overSeconds} s`);
    if (Date.now() > firstMs) progress('Some were due before all were set: their lateness is that of setting them');
    await sleep(Math.max(0, firstMs - Date.now()) + overSeconds * 1_000);
    report(await rungOf(ground, streams * timersOfStream), streams * timersOfStream, progress);
  } finally {
    await ground.stop();
  }
}

/** @returns How long it took. */
async function setAll(
  ground: EngineGround,
  name: string,
  streams: number,
  timesOf: (stream: number) => readonly number[],
): Promise<number> {
  const startMs = performance.now();
  let next = 0;
  const set = async () => {
    for (let stream = next++; stream < streams; stream = next++) {
      await ground.give(`${name}-${stream}`, { type: 'counter.remind', data: { atMs: timesOf(stream) } });
    }
  };
  await Promise.all(Array.from({ length: setAtOnce }, set));
  return performance.now() - startMs;
}

interface RungTimer {
  readonly id: string;
  /** When the engine decided it, by the database's clock, and when it was given to the brokers. */
  readonly decidedLateMs: number;
  readonly publishedLateMs: number;
}

/** Waits until all that are due are on the topic, and a moment more for what comes twice. */
async function rungOf(ground: EngineGround, expected: number): Promise<readonly RungTimer[]> {
  for (const deadlineMs = Date.now() + settleMsMax; ; await sleep(1_000)) {
    const rung = await readRung(ground);
    if (new Set(rung.map(({ id }) => id)).size < expected && Date.now() < deadlineMs) continue;
    await sleep(2_000);
    return readRung(ground);
  }
}

async function readRung({ driver }: EngineGround): Promise<readonly RungTimer[]> {
  const admin = await driver.admin();
  const rung: RungTimer[] = [];
  for (const { partition, start, end } of await admin.offsets('agent.events')) {
    for await (const { records } of driver.scan({ topic: 'agent.events', partition, from: start, to: end })) {
      for (const { headers, value, timestampMs } of records) {
        if (textOf(headers, 'ce_type') !== 'counter.rung') continue;
        const { timer, dueMs }: Rung['data'] = JSON.parse(value?.toString() ?? '');
        const decidedMs = Number(textOf(headers, 'ce_time'));
        const id = `${textOf(headers, 'ce_subject')}/${timer}`;
        rung.push({ id, decidedLateMs: decidedMs - dueMs, publishedLateMs: timestampMs - dueMs });
      }
    }
  }
  await admin.close();
  return rung;
}

function report(rung: readonly RungTimer[], expected: number, progress: (line: string) => void): void {
  const fired = new Set(rung.map(({ id }) => id)).size;
  const of = (key: 'decidedLateMs' | 'publishedLateMs', share: number) =>
    figure(
      percentile(
        rung.map((each) => each[key]),
        share,
      ),
    );
  progress(`${fired} of ${expected} fired, ${rung.length - fired} twice`);
  progress(`early: ${rung.filter(({ decidedLateMs }) => decidedLateMs < 0).length}`);
  progress(`late when decided: p50 ${of('decidedLateMs', 0.5)} ms, p99 ${of('decidedLateMs', 0.99)} ms`);
  progress(`late when published: p50 ${of('publishedLateMs', 0.5)} ms, p99 ${of('publishedLateMs', 0.99)} ms`);
}
