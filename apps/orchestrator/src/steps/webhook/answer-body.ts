import type { JsonValue } from '@chorda/kernel';
import type { GuardedResponse } from '@chorda/outbound';
import type { RequestSecrets } from './request-secrets.js';

type Response = Pick<GuardedResponse, 'headers' | 'body'>;

/** JSON where the answer says so and is, else text, else `{base64}`; null where there is none. */
export function answerBody({ headers, body }: Response, secrets: RequestSecrets): JsonValue {
  const bytes = secrets.clean(body.bytes);
  if (bytes.length === 0) return null;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { base64: bytes.toString('base64') };
  }
  const [type = ''] = [headers['content-type'] ?? ''].flat();
  return /[/+]json\b/i.test(type) ? parsed(text) : text;
}

/** Some servers say JSON and send a text: it is shown as what it is. */
function parsed(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

const hidden = new Set(['set-cookie', 'set-cookie2', 'proxy-authenticate']);
const headersMax = 50;

/** One text each. Cookies are sessions of somebody, and have no place in the history of a run. */
export function shownHeaders({ headers }: Response, secrets: RequestSecrets): Readonly<Record<string, string>> {
  const shown = Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || hidden.has(name)) return [];
    const text = [value].flat().join(', ').slice(0, 2_048);
    return [[name, secrets.clean(Buffer.from(text, 'utf8')).toString('utf8')] as const];
  });
  return Object.fromEntries(shown.slice(0, headersMax));
}
