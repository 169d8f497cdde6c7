import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { ChordaClient, type ChordaClientOptions } from './index.js';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply = (response: ServerResponse, request: SeenRequest) => void | Promise<void>;

/** A real HTTP server that answers each request as the next line of its script says, and the last line from then on. */
export interface ScriptedGateway {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  client(options?: Partial<ChordaClientOptions>): ChordaClient;
}

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

export async function scriptedGateway(...script: readonly [Reply, ...Reply[]]): Promise<ScriptedGateway> {
  const seen: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://gateway');
      const { method = '', headers } = incoming;
      const body = Buffer.concat(chunks).toString();
      const request = { method, path: pathname, query: searchParams, headers, body };
      const reply = script[Math.min(seen.length, script.length - 1)] ?? script[0];
      seen.push(request);
      void reply(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const quick = { backoffMsBase: 1, backoffMsMax: 20 };
  return {
    url,
    seen,
    client: (options = {}) => new ChordaClient({ url, apiKey: 'chd_secret', retry: quick, ...options }),
  };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

export function problem(status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Reply {
  const body = { type: `urn:${code}`, title: code, status, code, detail: `It is ${code}`, request_id: 'r-1', ...more };
  return json(status, body, { 'content-type': 'application/problem+json', ...headers });
}

/** The connection breaks before an answer, as when the gateway is killed. */
export const cutOff: Reply = (response) => {
  response.destroy();
};

/** An event stream that says this much, then stays open or ends. */
export function stream(text: string, ends = false): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(text);
    if (ends) response.end();
  };
}
