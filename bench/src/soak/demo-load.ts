import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoDay } from '@chorda/cli';
import { startOwnedProcess } from '../owned-process.js';
import type { Acknowledged } from './history.js';

const day = '2026-11-20';
const seed = 7;

export interface DemoLoadOptions {
  readonly cliEntry: string;
  /** CHORDA_URL and CHORDA_API_KEY among them. */
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly events: number;
  readonly ratePerSecond: number;
}

export interface SentDay {
  readonly planned: ReadonlySet<string>;
  readonly acknowledged: readonly Acknowledged[];
  /** When each acknowledgement arrived at the sender, milliseconds since the epoch. */
  readonly timesMs: readonly number[];
}

interface AcknowledgementLine {
  readonly id: string;
  readonly key: string;
  readonly sequence: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly acknowledged_at_ms: number;
}

/**
 * Sends the demo day by the command that users type, in a process of its own, until every event is acknowledged.
 *
 * @throws when the command gave up or an event was refused; its output lies in the folder.
 */
export async function sendDemoDay(options: DemoLoadOptions): Promise<SentDay> {
  const acksFile = join(options.folder, 'acknowledgements.ndjson');
  const count = ['--events', `${options.events}`, '--rate', `${options.ratePerSecond}`];
  const args = [options.cliEntry, 'demo', ...count, '--seed', `${seed}`, '--day', day, '--acks', acksFile];
  const code = await startOwnedProcess(args, options.env, join(options.folder, 'demo.log')).ended;
  if (code !== 0) throw new Error(`The demo ended with ${code}; see ${join(options.folder, 'demo.log')}`);
  return { planned: plannedIds(options.events), ...readAcknowledgements(acksFile) };
}

function plannedIds(events: number): ReadonlySet<string> {
  const startMs = Date.parse(`${day}T00:00:00Z`);
  return new Set(Array.from(demoDay({ seed, startMs, events }), (event) => event.id));
}

function readAcknowledgements(file: string): Pick<SentDay, 'acknowledged' | 'timesMs'> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AcknowledgementLine);
  return {
    // Order holds within a topic: a subject may be the key of records on several.
    acknowledged: lines.map((line) => ({ ...line, key: `${line.topic} ${line.key}`, offset: BigInt(line.offset) })),
    timesMs: lines.map((line) => line.acknowledged_at_ms),
  };
}
