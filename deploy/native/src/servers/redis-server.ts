import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { ManagedServer } from './managed-server.js';
import type { Reaper } from './reaper.js';
import type { ServerPlace } from './server.js';

export interface RedisOptions extends ServerPlace {
  /** `redis-server`. */
  readonly program: string;
  readonly port: number;
  readonly reaper?: Reaper;
}

export class RedisServer extends ManagedServer {
  readonly name = 'redis';
  private readonly folder: string;

  constructor(private readonly options: RedisOptions) {
    const folder = join(options.home, 'redis');
    super({
      title: 'Redis',
      logFile: join(options.home, 'logs', 'redis.log'),
      pidFile: join(options.home, 'run', 'redis.pid'),
      stopSignal: 'SIGTERM',
      readyTimeoutMs: 20_000,
      stopTimeoutMs: 10_000,
      isReady: () => answersPing(options.port, secretIn(folder)),
      launch: {
        program: options.program,
        arguments: [join(folder, 'redis.conf')],
        env: options.env,
      },
      ...(options.reaper === undefined ? {} : { reaper: options.reaper }),
    });
    this.folder = folder;
  }

  get url(): string {
    return `redis://:${secretIn(this.folder)}@127.0.0.1:${this.options.port}`;
  }

  protected override prepare(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const config = [
      'bind 127.0.0.1',
      `port ${this.options.port}`,
      `requirepass ${secretIn(this.folder)}`,
      `dir "${this.folder}"`,
      'save 60 1',
      'appendonly no',
      'loglevel notice',
      'daemonize no',
    ];
    writeFileSync(join(this.folder, 'redis.conf'), `${config.join('\n')}\n`, { mode: 0o600 });
    return Promise.resolve();
  }
}

/** Anybody on this machine can reach the loopback address; the file can be read by its owner alone. */
function secretIn(folder: string): string {
  const path = join(folder, 'secret');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, randomBytes(18).toString('base64url'), { mode: 0o600 });
  }
  return readFileSync(path, 'utf8');
}

/** While Redis loads its data it takes connections and answers them with an error. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    let answer = '';
    const end = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false));
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (answer.includes('+PONG')) end(true);
      else if (answer.includes('-')) end(false);
    });
    socket.connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
  });
}
