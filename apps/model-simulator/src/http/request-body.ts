import type { IncomingMessage } from 'node:http';
import { AnswerError, badForm, errorBody } from './answer-error.js';
import { isObject, type JsonObject } from './fields.js';

/** @throws the answer for a body that is too large, of another type, or no JSON object. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<JsonObject> {
  const type = request.headers['content-type'] ?? '';
  if (type !== '' && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    const message = "Unsupported Media Type: Only 'application/json' is allowed";
    throw new AnswerError(400, errorBody(message, 'Bad Request', null, 400));
  }
  const text = (await readBytes(request, bytesMax)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badJson(text, error instanceof Error ? error.message : '');
  }
  if (isObject(value)) return value;
  throw badForm([
    {
      type: 'model_attributes_type',
      loc: 'body',
      msg: 'Input should be a valid dictionary or object to extract fields from',
      input: JSON.stringify(value).slice(0, 200),
    },
  ]);
}

function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        request.pause();
        const message = `The body is larger than ${bytesMax} bytes.`;
        return reject(new AnswerError(413, errorBody(message, 'Request Entity Too Large', null, 413)));
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)));
    request.on('error', reject);
    // A client that leaves in the middle of its body ends no stream.
    request.on('close', () => {
      if (!request.complete) reject(new ClientLeftError());
    });
  });
}

export class ClientLeftError extends Error {}

function badJson(text: string, message: string): AnswerError {
  // Node names the place unless the text just ends.
  const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
  return badForm([
    {
      type: 'json_invalid',
      loc: `body.${position}`,
      msg: 'JSON decode error',
      input: "'<dict of 0 items>'",
      ctx: 'Expecting value',
    },
  ]);
}
