import { readdirSync, statSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@chorda/native-stack';
import { freshDatabase, type TestStack } from '@chorda/testing';
import { waitFor } from '../backbone.js';
import { startOwnedProcess } from '../owned-process.js';
import { installedRival } from '../rivals/installed-rival.js';
import { rowsOf } from '../soak/decisions/found-decisions.js';
import { post, type Contestant } from './contestant.js';

const programs = fileURLToPath(new URL('../rivals/', import.meta.url));
const recipe = 'durable-runs';
const readyMsMax = 120_000;

export interface RivalGround {
  readonly stack: TestStack;
  readonly folder: string;
  /** Of DBOS; it takes 10 where nothing is said. */
  readonly connections: number;
  readonly progress: (line: string) => void;
}

/** DBOS, on the Postgres that the others have. */
export async function dbos({ stack, folder, connections, progress }: RivalGround): Promise<Contestant> {
  const packages = await installedRival(recipe, progress);
  const database = await freshDatabase(stack);
  const [port = 0] = await freePorts(1);
  const args = [join(programs, 'dbos', 'main.js'), `${port}`, packages, database.url, `${connections}`];
  const { child, ended } = startOwnedProcess(args, process.env, join(folder, 'dbos.log'));
  const run = runsAt(`http://127.0.0.1:${port}`);
  await waitFor('DBOS answers', readyMsMax, async () => run('one').then(() => true));
  return {
    ...{ name: 'dbos', pids: { dbos: child.pid ?? 0 }, usesKafka: false, run },
    storedBytes: () => databaseBytes(database.url),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await database.drop();
    },
  };
}

/** Restate's server, with a service in Node that it calls. It keeps a log and tables of its own, on the same disk. */
export async function restate({ folder, progress }: RivalGround): Promise<Contestant> {
  const packages = await installedRival(recipe, progress);
  const [service = 0, ingress = 0, admin = 0, node = 0] = await freePorts(4);
  const data = join(folder, 'restate-data');
  mkdirSync(data, { recursive: true });
  const { arch, platform } = process;
  const program = join(
    packages,
    'node_modules',
    '@restatedev',
    `restate-server-${platform}-${arch}`,
    'bin',
    'restate-server',
  );
  const env = {
    ...process.env,
    RESTATE_BASE_DIR: data,
    RESTATE_INGRESS__BIND_PORT: `${ingress}`,
    RESTATE_ADMIN__BIND_PORT: `${admin}`,
    RESTATE_BIND_PORT: `${node}`,
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_LOG_FILTER: 'warn',
    RESTATE_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: '1',
  };
  const server = startOwnedProcess(['--no-logo'], env, join(folder, 'restate.log'), { program });
  const handlers = startOwnedProcess(
    [join(programs, 'restate', 'main.js'), `${service}`, packages],
    process.env,
    join(folder, 'restate-service.log'),
  );
  const deployment = JSON.stringify({ uri: `http://127.0.0.1:${service}` });
  await waitFor('Restate takes the service', readyMsMax, async () => {
    return (await post(`http://127.0.0.1:${admin}/deployments`, deployment)).status < 300;
  });
  const run = runsAt(`http://127.0.0.1:${ingress}/bench`);
  await waitFor('Restate answers', readyMsMax, async () => run('one').then(() => true));
  return {
    ...{
      name: 'restate',
      pids: { server: server.child.pid ?? 0, service: handlers.child.pid ?? 0 },
      usesKafka: false,
      run,
    },
    storedBytes: () => Promise.resolve(folderBytes(data)),
    async stop() {
      for (const { child } of [server, handlers]) child.kill('SIGTERM');
      await Promise.all([server.ended, handlers.ended]);
    },
  };
}

function runsAt(url: string): Contestant['run'] {
  return async (shape) => {
    const { status, body } = await post(`${url}/${shape}`, '1');
    if (status !== 200) throw new Error(`${url}/${shape} answered ${status}: ${body.slice(0, 200)}`);
  };
}

/** With its indexes, and what a later VACUUM would give back. */
export async function databaseBytes(databaseUrl: string): Promise<number> {
  const rows = await rowsOf<{ bytes: string }>(
    databaseUrl,
    'SELECT pg_database_size(current_database())::text AS bytes',
  );
  return Number(rows[0]?.bytes ?? 0);
}

/** Of what is written into its files, and not of what is set aside for them. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).reduce((sum, entry) => {
    if (!entry.isFile()) return sum;
    // Files of a log are deleted while they are counted.
    return sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}
