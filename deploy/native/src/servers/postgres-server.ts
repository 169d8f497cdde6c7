import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { ServerFailedError } from '../errors.js';
import { ManagedServer } from './managed-server.js';
import { postgresPrograms, type PostgresUser } from './postgres-programs.js';
import type { Reaper } from './reaper.js';
import type { ServerPlace } from './server.js';

const run = promisify(execFile);

export interface PostgresOptions extends ServerPlace {
  readonly port: number;
  readonly user: PostgresUser;
  /** Left out: what a laptop can spare. Tests take less. */
  readonly sharedBuffersMib?: number;
  readonly reaper?: Reaper;
}

export class PostgresServer extends ManagedServer {
  readonly name = 'postgres';
  private readonly folder: string;
  private readonly data: string;

  constructor(private readonly options: PostgresOptions) {
    const folder = join(options.home, 'postgres');
    const data = join(folder, 'data');
    super({
      title: 'Postgres',
      logFile: join(options.home, 'logs', 'postgres.log'),
      pidFile: join(options.home, 'run', 'postgres.pid'),
      stopSignal: 'SIGINT', // Fast: ends sessions and writes a checkpoint; SIGTERM would wait for the sessions.
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 20_000,
      isReady: () => answersQuery(urlOf(options.port, folder)),
      launch: options.user.launch(postgresPrograms().postgres, ['-D', data], options.env),
      ...(options.reaper === undefined ? {} : { reaper: options.reaper }),
    });
    this.folder = folder;
    this.data = data;
  }

  /** Superuser, database `postgres`. */
  get url(): string {
    return urlOf(this.options.port, this.folder);
  }

  protected override async prepare(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    chmodSync(this.folder, 0o711);
    if (!existsSync(this.data)) await this.initialise();
    const { user } = this.options;
    const config = join(this.data, 'postgresql.auto.conf');
    writeFileSync(config, this.configuration(), { mode: 0o600 });
    if (user.uid !== undefined) chownSync(config, user.uid, user.gid ?? user.uid);
  }

  /** In a folder beside, renamed when whole: an initialisation that was cut off leaves nothing that looks like data. */
  private async initialise(): Promise<void> {
    const { user, env } = this.options;
    const part = join(this.folder, 'data.part');
    const passwordFile = join(this.folder, 'password.part');
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { mode: 0o700 });
    writeFileSync(passwordFile, secretIn(this.folder), { mode: 0o600 });
    if (user.uid !== undefined) {
      for (const path of [part, passwordFile]) chownSync(path, user.uid, user.gid ?? user.uid);
    }
    const initialise = user.launch(
      postgresPrograms().initdb,
      [...initdbArguments, `--pgdata=${part}`, `--pwfile=${passwordFile}`],
      env,
    );
    try {
      await run(initialise.program, [...initialise.arguments], {
        env: initialise.env,
        ...(initialise.uid === undefined ? {} : { uid: initialise.uid }),
        ...(initialise.gid === undefined ? {} : { gid: initialise.gid }),
      });
    } catch (error) {
      rmSync(part, { recursive: true, force: true });
      const reason = error instanceof Error ? error.message : String(error);
      throw new ServerFailedError('Postgres', 'could not make its data folder', this.data, reason);
    } finally {
      rmSync(passwordFile, { force: true });
    }
    renameSync(part, this.data);
  }

  private configuration(): string {
    const settings: Record<string, string> = {
      listen_addresses: '127.0.0.1',
      port: String(this.options.port),
      // No socket file: its folder's path may be longer than the 107 bytes that one can have.
      unix_socket_directories: '',
      max_connections: '200',
      shared_buffers: `${this.options.sharedBuffersMib ?? 256}MB`,
      max_wal_size: '2GB',
      checkpoint_timeout: '15min',
      // Until the first checkpoints there is no file of the log to use again. To fill each new one with zeros holds every
      // commit up for some 60 ms, every 3.5 s at a thousand events a second.
      wal_init_zero: 'off',
      random_page_cost: '1.1',
      jit: 'off',
      timezone: 'UTC',
      log_timezone: 'UTC',
      log_checkpoints: 'off',
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join('');
  }
}

const initdbArguments = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--no-instructions',
];

function urlOf(port: number, folder: string): string {
  return `postgres://postgres:${secretIn(folder)}@127.0.0.1:${port}/postgres`;
}

function secretIn(folder: string): string {
  const path = join(folder, 'secret');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, randomBytes(18).toString('base64url'), { mode: 0o600 });
  }
  return readFileSync(path, 'utf8');
}

async function answersQuery(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined); // Told by the query as well.
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
