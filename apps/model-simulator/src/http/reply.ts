import type { ServerResponse } from 'node:http';

/** Said with every answer, because no client should take this for a model. */
export const simulatedHeader = 'x-chorda-simulated';
export const serverName = 'chorda-model-simulator';

const fixed = { server: serverName, vary: 'Origin', [simulatedHeader]: 'true' } as const;

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendText(response, status, JSON.stringify(body), 'application/json', headers);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  type: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): void {
  const contentType = type === undefined ? {} : { 'content-type': type };
  response.writeHead(status, { ...fixed, ...contentType, ...headers, 'content-length': Buffer.byteLength(text) });
  // As a text: head and body then leave in one write, which costs half of two.
  response.end(text);
}

export function beginEvents(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  response.writeHead(200, { ...fixed, 'content-type': 'text/event-stream; charset=utf-8', ...headers });
}
