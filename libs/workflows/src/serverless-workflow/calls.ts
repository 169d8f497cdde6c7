import type { JsonValue } from '@chorda/kernel';
import { within, type Faults } from '../source/fault.js';
import { isObject, jqOf, refuseOthers, textIn, valueOf, written, type JsonObject, type Place } from './task-reading.js';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** `call: http`. The others are refused with why. */
export function callOf(task: JsonObject, place: Place): JsonObject {
  const { pointer, faults } = place;
  const kind = task['call'];
  if (kind !== 'http') {
    faults.add(
      within(pointer, 'call'),
      `is not supported: call ${String(kind)}. Chorda calls http; other protocols are tools of a worker`,
    );
    return { kind: 'script', value: null };
  }
  const at = within(pointer, 'with');
  const given = isObject(task['with']) ? task['with'] : {};
  refuseOthers(given, ['method', 'endpoint', 'headers', 'query', 'body', 'output', 'redirect'], at, faults);
  const method = textIn(given, 'method', at, faults).toUpperCase();
  if (!methods.includes(method)) faults.add(within(at, 'method'), `must be one of ${methods.join(', ')}`);
  const { endpoint, headers, query, body, output = 'content' } = given;
  const authorization = isObject(endpoint) ? authorizationOf(endpoint['authentication'], place) : undefined;
  const uri = isObject(endpoint) ? endpoint['uri'] : endpoint;
  const sent = {
    ...(headers === undefined ? {} : Object(valueOf(headers, { ...place, pointer: within(at, 'headers') }))),
    ...(authorization === undefined ? {} : { authorization }),
  };
  if (output !== 'content' && output !== 'response')
    faults.add(within(at, 'output'), `is not supported: ${String(output)}`);
  const url = urlOf(uri, { ...place, pointer: within(at, 'endpoint') });
  return {
    kind: 'webhook',
    method: methods.includes(method) ? method : 'GET',
    url,
    ...(Object.keys(sent).length === 0 ? {} : { headers: sent }),
    ...(query === undefined ? {} : { query: valueOf(query, { ...place, pointer: within(at, 'query') }) }),
    input: body === undefined ? null : valueOf(body, { ...place, pointer: within(at, 'body') }),
    output_as: output === 'response' ? 'response' : 'body',
    ...(output === 'response' ? { output: responseOf(method, url) } : {}),
  };
}

/** As the specification has it. */
function responseOf(method: string, uri: JsonValue): JsonObject {
  return {
    request: { method, uri, headers: {} },
    headers: '${output.headers}',
    statusCode: '${output.status}',
    content: '${output.body}',
  };
}

/** A URI template: `{name}` is a member of the task's input. */
function urlOf(uri: JsonValue | undefined, place: Place): JsonValue {
  if (typeof uri !== 'string') {
    place.faults.add(place.pointer, 'must be a URI');
    return 'https://invalid.example';
  }
  if (uri.trim().startsWith('${')) return valueOf(uri, place);
  return uri.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_whole, name: string) =>
    written(jqOf(`.${name} | @uri`, place)),
  );
}

function authorizationOf(authentication: JsonValue | undefined, place: Place): JsonValue | undefined {
  if (authentication === undefined) return undefined;
  const { faults } = place;
  const pointer = within(place.pointer, 'with', 'endpoint', 'authentication');
  if (isObject(authentication)) {
    const { basic, bearer } = authentication;
    if (isObject(basic)) {
      const [user, password] = [basic['username'], basic['password']].map((each) => inJq(each, pointer, faults));
      return written(jqOf(`"Basic " + ("\\(${user}):\\(${password})" | @base64)`, place));
    }
    if (isObject(bearer)) return written(jqOf(`"Bearer \\(${inJq(bearer['token'], pointer, faults)})"`, place));
  }
  faults.add(pointer, 'is not supported: authentication but basic and bearer');
  return undefined;
}

function inJq(value: JsonValue | undefined, pointer: string, faults: Faults): string {
  if (typeof value !== 'string') {
    faults.add(pointer, 'must have texts');
    return 'null';
  }
  const trimmed = value.trim();
  return trimmed.startsWith('${') && trimmed.endsWith('}') ? `(${trimmed.slice(2, -1)})` : JSON.stringify(value);
}
