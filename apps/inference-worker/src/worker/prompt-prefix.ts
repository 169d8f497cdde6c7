import { createHash } from 'node:crypto';
import { isObject, type JsonObject } from '../calls/answer-assembly.js';
import type { ReceivedRequest } from './job.js';

/** Some hundred tokens: what is shorter is computed anew as quickly as it is found. */
const sharedCharactersMin = 512;
const sharedCharactersMax = 4_096;

/**
 * What a request has in common with others whose beginning a server may hold: the key that its sender named, else its
 * conversation, else the beginning of its prompt with the tools. Undefined: it has nothing that is worth holding.
 */
export function prefixOf({ data, metadata: { tenantId } }: ReceivedRequest, body: JsonObject): string | undefined {
  if (data.operation === 'embedding') return undefined;
  const named = data.prefix_key ?? data.session_id;
  if (named !== null) return `${tenantId}\n${named}`;
  const beginning = beginningOf(body);
  if (beginning.length < sharedCharactersMin) return undefined;
  const text = beginning.slice(0, sharedCharactersMax);
  return `${tenantId}\n${createHash('sha1').update(text).digest('base64')}`;
}

/** In the order in which servers render it: tools, then what the system is told; of a text, its beginning. */
function beginningOf({ tools, messages, prompt }: JsonObject): string {
  if (typeof prompt === 'string') return prompt.slice(0, sharedCharactersMax);
  const [first] = Array.isArray(messages) ? messages : [];
  const isShared = isObject(first) && (first['role'] === 'system' || first['role'] === 'developer');
  const shared = isShared ? first['content'] : undefined;
  const told = typeof shared === 'string' ? shared : JSON.stringify(shared ?? '');
  return tools === undefined ? told : `${JSON.stringify(tools)}${told}`;
}
