import { Agent, request } from 'node:http';
import type { Shape } from './shapes.js';

/** A way to run workflows durably, behind a door over HTTP. */
export interface Contestant {
  readonly name: string;
  /** Processes of its own beside Postgres and Kafka, by their names. */
  readonly pids: Readonly<Record<string, number>>;
  /** Whether it keeps what it runs in Kafka too. */
  readonly usesKafka: boolean;
  /** Resolves when the run has ended well. */
  run(shape: Shape): Promise<void>;
  /** Bytes that it has on its disk now. */
  storedBytes(): Promise<number>;
  stop(): Promise<void>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

/** Posts JSON over a connection that is kept. @returns Status and body. */
export function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const length = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const asked = request(url, { agent, method: 'POST', headers: { ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
