import type { ServerResponse } from 'node:http';
import type { Fault } from '../faults/fault.js';
import { sendJson, sendText } from './reply.js';

/** Sends a plain answer, or what a fault makes of it. False: nothing whole was sent. */
export function sendAnswer(
  response: ServerResponse,
  body: object,
  headers: Readonly<Record<string, string>>,
  fault: Fault | undefined,
): boolean {
  switch (fault?.kind) {
    case 'hang_stream':
      return false;
    case 'cut':
      cut(response, body, headers, fault.after_tokens === 0);
      return false;
    case 'error_chunk':
    case 'bad_chunk':
      sendText(response, 200, '{"id": "chatcmpl-', 'application/json', headers);
      return true;
    default:
      sendJson(response, 200, body, headers);
      return true;
  }
}

function cut(
  response: ServerResponse,
  body: object,
  headers: Readonly<Record<string, string>>,
  isBeforeAll: boolean,
): void {
  if (isBeforeAll) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(200, { 'content-type': 'application/json', ...headers, 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
}
