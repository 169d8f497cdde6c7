import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KafkaConnection, RecordPlace } from '../port.js';
import type { DriverName } from './drivers-under-test.js';
import type { SeenRecord } from './history.js';
import { waitUntil } from './wait-until.js';

export interface CommonOrders {
  readonly connection: KafkaConnection;
  /** Where the child writes what it did; it outlives the child. */
  readonly folder: string;
}

/** What a child process is told, as JSON in its argument. */
export interface ChildOrders {
  readonly 'consume.child': {
    readonly driver: DriverName;
    readonly group: string;
    readonly topic: string;
    readonly sessionTimeoutMs: number;
    /** The crash point `mid-batch` is reached after so many records of a chunk. */
    readonly holdAfter: number;
    /** What it does there: waits this long, so that everything that it would commit is committed, then dies; or holds. */
    readonly atCrashPoint: { readonly dieAfterMs: number } | 'hold';
  };
  readonly 'produce.child': {
    readonly driver: DriverName;
    readonly topic: string;
    readonly partitions: number;
    readonly records: number;
    /** The crash point `mid-send` is reached, and the child dies, at so many acknowledgements. */
    readonly dieAfterAcknowledged: number;
  };
  readonly 'foreign-producer.child': {
    readonly topic: string;
    readonly partition: number;
    readonly codec: 'gzip' | 'snappy' | 'lz4' | 'zstd';
    readonly id: string;
    /** Zero bytes in the record's value. */
    readonly valueBytes: number;
  };
}

export type ChildName = keyof ChildOrders;

/** What a child writes down for each record, a line each, before anything else happens. */
export type ChildNote =
  { readonly seen: WrittenSeen } | { readonly acknowledged: { id: string; key: string; place: WrittenPlace } };
type Written<Place extends RecordPlace> = Omit<Place, 'offset'> & { readonly offset: string };
type WrittenSeen = Written<SeenRecord>;
type WrittenPlace = Written<RecordPlace>;

export interface Child {
  readonly pid: number;
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  /** How it ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** @throws when the child did not get there in time; the message holds what it printed. */
  reached(crashPoint: string, timeoutMs: number): Promise<void>;
  notes(): readonly ChildNote[];
  /** SIGKILL, unless it is over already. */
  end(): Promise<void>;
}

/**
 * Starts `children/<name>.ts` from source: no build stands between an edit and the process that is killed.
 * It ends when this process does, by the channel between them, unless it is stopped at that moment.
 */
export function startChild<Name extends ChildName>(name: Name, orders: ChildOrders[Name] & CommonOrders): Child {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const flags = [
    '--conditions=chorda-source',
    '--experimental-transform-types',
    '--disable-warning=ExperimentalWarning',
  ];
  const loader = ['--import', new URL('./children/source-imports.mjs', import.meta.url).href];
  const child = spawn(process.execPath, [...flags, ...loader, path(`./children/${name}.ts`), JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: path('../../../../node_modules/.cache/chorda-sources') },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += String(text)));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? -1,
    ended,
    signal: (signal) => void child.kill(signal),
    async reached(crashPoint, timeoutMs) {
      const file = join(orders.folder, crashPoint);
      await waitUntil(`${name} at ${crashPoint} or over`, () => existsSync(file) || !running(), timeoutMs);
      if (!existsSync(file)) throw new Error(`${name} ended before ${crashPoint}: ${output}`);
    },
    notes: () => readNotes(join(orders.folder, `${name}.jsonl`)),
    async end() {
      if (running()) child.kill('SIGKILL');
      await ended;
    },
  };
}

function readNotes(file: string): readonly ChildNote[] {
  if (!existsSync(file)) return [];
  // A kill can tear the last line; what was not written whole was not done.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line): ChildNote => JSON.parse(line));
}
