import type { JsonValue } from '@chorda/kernel';
import { within, type Faults } from '../source/fault.js';
import { isObject, jqOf, refuseOthers, textIn, valueOf, written, type JsonObject, type Place } from './task-reading.js';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** `call: http` and `call: openapi`. The others are refused with why. */
export function callOf(task: JsonObject, place: Place): JsonObject {
  const kind = task['call'];
  const given = isObject(task['with']) ? task['with'] : {};
  const inside = { ...place, pointer: within(place.pointer, 'with') };
  if (kind === 'http') return httpOf(given, inside);
  if (kind === 'openapi') return openApiOf(given, inside);
  place.faults.add(
    within(place.pointer, 'call'),
    `is not supported: call ${String(kind)}. Chorda calls http and openapi; other protocols are tools of a worker`,
  );
  return { kind: 'script', value: null };
}

function httpOf(given: JsonObject, place: Place): JsonObject {
  const { pointer: at, faults } = place;
  refuseOthers(given, ['method', 'endpoint', 'headers', 'query', 'body', 'output', 'redirect'], at, faults);
  const method = textIn(given, 'method', at, faults).toUpperCase();
  if (!methods.includes(method)) faults.add(within(at, 'method'), `must be one of ${methods.join(', ')}`);
  const { headers, query, body } = given;
  const { url, authorization } = endpointOf(given['endpoint'], { ...place, pointer: within(at, 'endpoint') });
  const sent = {
    ...(headers === undefined ? {} : Object(valueOf(headers, { ...place, pointer: within(at, 'headers') }))),
    ...(authorization === undefined ? {} : { authorization }),
  };
  const request = { method, uri: url, headers: {} };
  return {
    kind: 'webhook',
    method: methods.includes(method) ? method : 'GET',
    url,
    ...(Object.keys(sent).length === 0 ? {} : { headers: sent }),
    ...(query === undefined ? {} : { query: valueOf(query, { ...place, pointer: within(at, 'query') }) }),
    input: body === undefined ? null : valueOf(body, { ...place, pointer: within(at, 'body') }),
    ...answerOf(given, request, place),
  };
}

/** The operation is looked for in its document when the task is done, and called there. */
function openApiOf(given: JsonObject, place: Place): JsonObject {
  const { pointer: at, faults } = place;
  const known = ['document', 'operationId', 'parameters', 'authentication', 'output', 'redirect'];
  refuseOthers(given, known, at, faults);
  const about = isObject(given['document']) ? given['document'] : {};
  refuseOthers(about, ['name', 'endpoint'], within(at, 'document'), faults);
  const { url, authorization } = endpointOf(about['endpoint'], {
    ...place,
    pointer: within(at, 'document', 'endpoint'),
  });
  const { parameters, authentication } = given;
  const own = authorizationOf(authentication, { ...place, pointer: within(at, 'authentication') });
  const request = { method: '${output.request.method}', uri: '${output.request.url}', headers: {} };
  return {
    kind: 'webhook',
    openapi: {
      document: url,
      operation: textIn(given, 'operationId', at, faults),
      ...(authorization === undefined ? {} : { headers: { authorization } }),
      ...(parameters === undefined ? {} : { parameters: parametersOf(parameters, place) }),
    },
    ...(own === undefined ? {} : { headers: { authorization: own } }),
    input: null,
    ...answerOf(given, request, place),
  };
}

function parametersOf(parameters: JsonValue, place: Place): JsonValue {
  const pointer = within(place.pointer, 'parameters');
  const isExpression = typeof parameters === 'string' && parameters.trim().startsWith('${');
  if (!isObject(parameters) && !isExpression) place.faults.add(pointer, 'must be an object, or an expression');
  return valueOf(parameters, { ...place, pointer });
}

/** What is an error, and what the task comes to, as the specification has it. */
function answerOf({ output = 'content', redirect = false }: JsonObject, request: JsonObject, place: Place): JsonObject {
  const { pointer: at, faults } = place;
  if (typeof redirect !== 'boolean') faults.add(within(at, 'redirect'), 'must be true or false');
  const expected = redirect === true ? { expect_status: [[200, 399]] } : {};
  switch (output) {
    case 'content':
      return { ...expected, output_as: 'body' };
    case 'raw':
      return { ...expected, output_as: 'raw' };
    case 'response': {
      const answer = { headers: '${output.headers}', statusCode: '${output.status}', content: '${output.body}' };
      return { ...expected, output_as: 'response', output: { request, ...answer } };
    }
    default:
      faults.add(within(at, 'output'), 'must be content, response or raw');
      return { output_as: 'body' };
  }
}

/** A URI, or an object of one with what it is asked for with. */
function endpointOf(endpoint: JsonValue | undefined, place: Place) {
  const given = isObject(endpoint) ? endpoint : { uri: endpoint };
  const authentication = isObject(endpoint) ? endpoint['authentication'] : undefined;
  return {
    url: urlOf(given['uri'], place),
    authorization: authorizationOf(authentication, { ...place, pointer: within(place.pointer, 'authentication') }),
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
  const { faults, pointer } = place;
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
