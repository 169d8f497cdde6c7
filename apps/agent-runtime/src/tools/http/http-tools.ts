import type { JsonValue } from '@chorda/kernel';
import {
  checkSecretTarget,
  guardedRequest,
  headerOf,
  lawfulUrl,
  OutboundError,
  OutboundRefusedError,
  secretOf,
  withoutSecret,
  type GuardedResponse,
  type RequestBounds,
  type Secrets,
} from '@chorda/outbound';
import { z } from 'zod';
import { ToolFailedError, ToolRefusedError } from '../tool-errors.js';
import { defineTool, type Tool, type ToolAnswer, type ToolCall } from '../tool.js';

export interface HttpToolOptions extends RequestBounds {
  readonly secrets: Secrets;
  readonly timeoutMs: number;
}

/** Set by the request itself, or able to carry a secret in clear into the history of the execution. */
const headersOfOurs = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'authorization', 'cookie', 'proxy-authorization', 'idempotency-key'],
]);
/** What a model can use of an answer's headers; the rest may hold cookies and what proxies say of themselves. */
const headersShown = ['content-type', 'content-language', 'etag', 'last-modified', 'location', 'retry-after'];
/** Between the tool's answer and the body inside: status, URL and headers, and what JSON adds to a text. */
const bytesBesideBodyMax = 65_536;

const url = z.string().min(1).describe('An absolute http: or https: URL.');
const headers = z
  .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/), z.string().max(8_192))
  .optional()
  .describe('Headers of the request. Credentials go by `auth`.');
const auth = z
  .strictObject({ secret: z.string().min(1).max(200).describe('Name of a secret that the operator has set up.') })
  .optional()
  .describe('Credentials, by name.');

const getArgs = z.strictObject({ url, headers, auth });
const postArgs = z
  .strictObject({
    url,
    headers,
    auth,
    json: z.unknown().optional().describe('The body, as a JSON value.'),
    text: z.string().optional().describe('The body, as text; give its content-type in `headers`.'),
  })
  .describe('Give `json` or `text`, not both.');

type Args = z.infer<typeof getArgs> & { readonly json?: unknown; readonly text?: string | undefined };

export function httpTools(options: HttpToolOptions): readonly Tool[] {
  const bounds = {
    timeoutMs: options.timeoutMs,
    // A control character takes six bytes in JSON.
    resultBytesMax: options.responseBytesMax * 6 + bytesBesideBodyMax,
  };
  return [
    defineTool({
      ...bounds,
      name: 'http_get',
      description: 'Reads a public URL by HTTP GET. Answers status, content type and body.',
      idempotent: true,
      args: getArgs,
      run: (args, call) => ask('GET', args, call, options),
    }),
    defineTool({
      ...bounds,
      name: 'http_post',
      description: 'Sends a JSON or text body to a public URL by HTTP POST. Answers status, content type and body.',
      // Most servers do not know Idempotency-Key, and who does cannot be told from outside.
      idempotent: false,
      args: postArgs,
      run: (args, call) => ask('POST', args, call, options),
    }),
  ];
}

async function ask(method: 'GET' | 'POST', args: Args, call: ToolCall, options: HttpToolOptions): Promise<ToolAnswer> {
  try {
    return await answerTo(method, args, call, options);
  } catch (error) {
    throw error instanceof OutboundError ? toToolError(error) : error;
  }
}

function toToolError(error: OutboundError): ToolRefusedError | ToolFailedError {
  const { code, message, effect, retriable } = error;
  return error instanceof OutboundRefusedError
    ? new ToolRefusedError(code, message, { cause: error })
    : new ToolFailedError(code, message, effect, retriable, { cause: error });
}

async function answerTo(
  method: 'GET' | 'POST',
  args: Args,
  call: ToolCall,
  options: HttpToolOptions,
): Promise<ToolAnswer> {
  const name = args.auth?.secret ?? '';
  const secret = args.auth && secretOf(options.secrets, name, call.tenantId);
  const first = lawfulUrl(args.url, undefined, options.rules);
  if (secret) checkSecretTarget(secret, name, first);
  const response = await guardedRequest(
    {
      method,
      url: args.url,
      headers: { ...givenHeaders(args.headers ?? {}), ...typeOf(args) },
      body: method === 'POST' ? bodyOf(args) : undefined,
      headersFor: (at) => ({
        'accept-encoding': 'identity',
        'user-agent': 'chorda-agent',
        ...(method === 'POST' && at.origin === first.origin && { 'idempotency-key': call.key }),
        // Another origin is another party, also where the secret would be good for its host.
        ...(secret && at.origin === first.origin && Object.fromEntries([headerOf(secret)])),
      }),
      signal: call.signal,
    },
    options,
  );
  return { value: answerOf(response, (bytes) => withoutSecret(bytes, secret, name)) };
}

/** @throws ToolRefusedError for a header that is not the caller's to set. */
function givenHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  const taken = Object.entries(given).map(([name, value]) => [name.toLowerCase(), value] as const);
  const refused = taken.find(([name]) => headersOfOurs.has(name));
  if (refused) {
    const detail = 'it cannot be set here; credentials go by `auth`, with the name of a secret';
    throw new ToolRefusedError('HEADER_NOT_ALLOWED', `headers/${refused[0]}: ${detail}`);
  }
  return Object.fromEntries(taken);
}

function typeOf({ json, headers: given }: Args): Record<string, string> {
  const hasType = Object.keys(given ?? {}).some((name) => name.toLowerCase() === 'content-type');
  return json === undefined || hasType ? {} : { 'content-type': 'application/json' };
}

function bodyOf({ json, text }: Args): string {
  if (json !== undefined && text !== undefined) {
    throw new ToolRefusedError('ARGUMENTS_NOT_VALID', 'give `json` or `text`, not both');
  }
  return json === undefined ? (text ?? '') : JSON.stringify(json);
}

function answerOf(
  { status, url: at, headers: all, body, redirects }: GuardedResponse,
  clean: (bytes: Buffer) => Buffer,
): JsonValue {
  const cleanText = (text: string) => clean(Buffer.from(text, 'utf8')).toString('utf8');
  const shown = headersShown.flatMap((name) => {
    const value = [all[name] ?? []].flat()[0];
    return value === undefined ? [] : [[name, cleanText(value)] as const];
  });
  return {
    status,
    url: cleanText(at.href),
    redirects,
    headers: Object.fromEntries(shown),
    ...content(clean(body.bytes), body.truncated),
    truncated: body.truncated,
  };
}

/** Text where it is UTF-8, else base64: a picture must not become replacement characters. */
function content(bytes: Buffer, truncated: boolean): { readonly body: string } | { readonly body_base64: string } {
  try {
    // A body that was cut may end within a character: `stream` keeps the torn end back instead of failing on it.
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: truncated }) };
  } catch {
    return { body_base64: bytes.toString('base64') };
  }
}
