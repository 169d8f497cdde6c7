import type { JsonValue } from '@chorda/kernel';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { OpenApiDocument, openApiYamlBytesMax } from './openapi-document.js';
import { OpenApiError } from './openapi-error.js';
import { operationRequest, type AskedOperation } from './operation-request.js';

type Members = { readonly [name: string]: JsonValue };

const v3 = (paths: JsonValue, more: Members = {}) =>
  JSON.stringify({ openapi: '3.1.0', servers: [{ url: 'https://api.example/v1/' }], ...more, paths });
const v2 = (paths: JsonValue, more: Members = {}) =>
  JSON.stringify({ swagger: '2.0', host: 'api.example', basePath: '/v1', schemes: ['http', 'https'], ...more, paths });

function request(document: string, parameters: Members = {}, more: Partial<AskedOperation> = {}) {
  return operationRequest(OpenApiDocument.read(document), {
    ...{ operationId: 'op', parameters, input: null },
    documentUrl: new URL('https://docs.example/apis/openapi.json'),
    otherHeaders: new Set(),
    ...more,
  });
}

/** What comes after the path of an operation with one parameter. */
function written(parameter: Members, value: JsonValue): string {
  const path = parameter['in'] === 'path' ? '/x/{p}' : '/x';
  const parameters = [{ name: 'p', ...parameter }];
  const { url } = request(v3({ [path]: { get: { operationId: 'op', parameters } } }), { p: value });
  return url.slice('https://api.example/v1/x'.length);
}

const code = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    if (error instanceof OpenApiError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
};

describe('a parameter is written as its style says', () => {
  const list = ['a b', 'c,d'];
  const object = { r: 100, g: 'x/y' };

  it.each<[string, Members, JsonValue, string]>([
    ['path', { in: 'path' }, 'a/b c', '/a%2Fb%20c'],
    ['path, a number', { in: 'path' }, 7, '/7'],
    ['path, a list', { in: 'path' }, list, '/a%20b,c%2Cd'],
    ['path, an object', { in: 'path' }, object, '/r,100,g,x%2Fy'],
    ['path, an object exploded', { in: 'path', explode: true }, object, '/r=100,g=x%2Fy'],
    ['path, label', { in: 'path', style: 'label' }, list, '/.a%20b,c%2Cd'],
    ['path, label exploded', { in: 'path', style: 'label', explode: true }, list, '/.a%20b.c%2Cd'],
    ['path, matrix', { in: 'path', style: 'matrix' }, list, '/;p=a%20b,c%2Cd'],
    ['path, matrix exploded', { in: 'path', style: 'matrix', explode: true }, list, '/;p=a%20b;p=c%2Cd'],
    ['path, matrix of an object', { in: 'path', style: 'matrix', explode: true }, object, '/;r=100;g=x%2Fy'],
    ['query', { in: 'query' }, 'a&b=c+d', '?p=a%26b%3Dc%2Bd'],
    ['query, true', { in: 'query' }, true, '?p=true'],
    ['query, a list', { in: 'query' }, list, '?p=a%20b&p=c%2Cd'],
    ['query, an empty list', { in: 'query' }, [], ''],
    ['query, a list in one', { in: 'query', explode: false }, list, '?p=a%20b,c%2Cd'],
    ['query, a list with spaces', { in: 'query', style: 'spaceDelimited' }, list, '?p=a%20b%20c%2Cd'],
    ['query, a list with bars', { in: 'query', style: 'pipeDelimited' }, list, '?p=a%20b%7Cc%2Cd'],
    ['query, an object', { in: 'query' }, object, '?r=100&g=x%2Fy'],
    ['query, an object in one', { in: 'query', explode: false }, object, '?p=r,100,g,x%2Fy'],
    [
      'query, deepObject',
      { in: 'query', style: 'deepObject' },
      { a: 1, b: [2, 3] },
      '?p%5Ba%5D=1&p%5Bb%5D=2&p%5Bb%5D=3',
    ],
    ['query, JSON', { in: 'query', content: { 'application/json': {} } }, { a: [1] }, '?p=%7B%22a%22%3A%5B1%5D%7D'],
    ['query, reserved characters', { in: 'query', allowReserved: true }, 'a/b?c&d#e', '?p=a/b?c%26d%23e'],
    ['query, null: it is not given', { in: 'query' }, null, ''],
  ])('%s', (_name, parameter, value, expected) => {
    expect(written(parameter, value)).toBe(expected);
  });

  it('in headers and cookies', () => {
    const parameters = [
      { name: 'X-Ids', in: 'header' },
      { name: 'session', in: 'cookie' },
      { name: 'theme', in: 'cookie' },
    ];
    const document = v3({ '/x': { get: { operationId: 'op', parameters } } });
    const { headers } = request(document, { 'x-ids': ['a b', 2], session: 's;1', theme: 'dark' });
    expect(headers).toEqual({ 'x-ids': 'a b,2', cookie: 'session=s%3B1; theme=dark' });
  });

  it.each([
    ['csv', '?p=a,b'],
    ['ssv', '?p=a%20b'],
    ['tsv', '?p=a%09b'],
    ['pipes', '?p=a%7Cb'],
    ['multi', '?p=a&p=b'],
    [undefined, '?p=a,b'],
  ])('of version 2.0, %s', (collectionFormat, expected) => {
    const parameters = [{ name: 'p', in: 'query', type: 'array', ...(collectionFormat && { collectionFormat }) }];
    const document = v2({ '/x': { get: { operationId: 'op', parameters } } });
    expect(request(document, { p: ['a', 'b'] }).url).toBe(`https://api.example/v1/x${expected}`);
  });
});

describe('an operation', () => {
  const getPet = { '/pets/{id}': { get: { operationId: 'op' } } };

  it('is found in JSON and YAML, behind references, with the parameters of its path', () => {
    const root: Members = {
      openapi: '3.0.3',
      servers: [{ url: 'https://api.example' }],
      paths: {
        '/a': { $ref: 'elsewhere.yaml#/a' },
        '/pets/{id}': {
          parameters: [{ $ref: '#/components/parameters/Id' }, { name: 'v', in: 'query', required: true }],
          get: { operationId: 'op', parameters: [{ name: 'v', in: 'query' }] },
        },
      },
      components: { parameters: { Id: { name: 'id', in: 'path', required: true } } },
    };
    for (const text of [JSON.stringify(root), `\uFEFF${stringify(root)}`]) {
      expect(request(text, { id: 7 })).toEqual({
        ...{ method: 'GET', url: 'https://api.example/pets/7', headers: {}, body: undefined },
      });
    }
  });

  it.each<[string, string, string]>([
    [
      'its own server',
      v3({ '/x': { get: { operationId: 'op', servers: [{ url: 'https://own.example' }] } } }),
      'https://own.example/x',
    ],
    [
      'the server of its path',
      v3({ '/x': { servers: [{ url: '/path' }], get: { operationId: 'op' } } }),
      'https://docs.example/path/x',
    ],
    [
      'no server at all',
      JSON.stringify({ openapi: '3.0.0', paths: { '/x': { get: { operationId: 'op' } } } }),
      'https://docs.example/x',
    ],
    [
      'a server beside its document',
      v3({ '/x': { get: { operationId: 'op' } } }, { servers: [{ url: './v2' }] }),
      'https://docs.example/apis/v2/x',
    ],
    [
      'a server with variables',
      v3(
        { '/x': { get: { operationId: 'op' } } },
        { servers: [{ url: 'https://{region}.example', variables: { region: { default: 'eu' } } }] },
      ),
      'https://eu.example/x',
    ],
    ['the host of version 2.0', v2({ '/x': { get: { operationId: 'op' } } }), 'https://api.example/v1/x'],
    [
      'the host that its document is on',
      v2({ '/x': { get: { operationId: 'op' } } }, { host: '', schemes: [] }),
      'https://docs.example/v1/x',
    ],
  ])('is called at %s', (_name, document, url) => {
    expect(request(document).url).toBe(url);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'that is not there',
      () => request(v3(getPet), {}, { operationId: 'no' }),
      /^OPENAPI_OPERATION_UNKNOWN: .*no operation no; it has op$/,
    ],
    ['without what it needs', () => request(v3(getPet)), /^OPENAPI_PARAMETER_MISSING: .*parameter id \(path\)/],
    ['with what it does not take', () => request(v3(getPet), { id: 1, di: 2 }), /^OPENAPI_PARAMETER_UNKNOWN: .*di/],
    [
      'with an empty part of its path',
      () => request(v3(getPet), { id: '' }),
      /^OPENAPI_PARAMETER_NOT_VALID: .*id .*empty/,
    ],
    [
      'with a part of its path that climbs',
      () => request(v3(getPet), { id: '..' }),
      /^OPENAPI_PARAMETER_NOT_VALID: .*\.\./,
    ],
    [
      'with a value within a value',
      () => request(v3(getPet), { id: [[1]] }),
      /^OPENAPI_PARAMETER_NOT_VALID: .*id \(path\)/,
    ],
    ['of what is no OpenAPI', () => request('{"paths":{}}'), /^OPENAPI_NOT_VALID: .*neither swagger 2.0 nor openapi 3/],
    ['of what has no paths', () => request('openapi: 3.0.0'), /^OPENAPI_NOT_VALID: .*no paths/],
    ['of a page', () => request('<!doctype html><title>: x'), /^OPENAPI_NOT_VALID/],
    ['of a broken text', () => request('{"openapi": '), /^OPENAPI_NOT_VALID: .*neither JSON nor YAML/],
    [
      'of much YAML',
      () => request(`openapi: 3.0.0 # ${'x'.repeat(openApiYamlBytesMax)}`),
      /^OPENAPI_NOT_VALID: .*at most 524288 bytes/,
    ],
    [
      'of a document that refers to nothing',
      () => request(v3({ '/x': { get: { operationId: 'op', parameters: [{ $ref: '#/no' }] } } })),
      /^OPENAPI_NOT_VALID: .*#\/no/,
    ],
    [
      'of a document that goes round',
      () => request(v3({ '/x': { $ref: '#/paths/~1x' } })),
      /^OPENAPI_NOT_VALID: .*circle/,
    ],
    [
      'of a document that refers to another',
      () => request(v3({ '/x': { get: { operationId: 'op', parameters: [{ $ref: 'p.json' }] } } })),
      /^OPENAPI_NOT_SUPPORTED: .*p\.json/,
    ],
  ])('%s is refused', (_name, act, expected) => {
    expect(code(act)).toMatch(expected);
  });

  it('needs no header that is sent anyway, nor one that is said elsewhere in the document', () => {
    const header = (name: string) => ({ name, in: 'header', required: true });
    const parameters = [header('Idempotency-Key'), header('Authorization'), header('X-Other')];
    const document = v3({ '/x': { get: { operationId: 'op', parameters } } });
    expect(code(() => request(document, {}, { otherHeaders: new Set(['idempotency-key']) }))).toMatch(/X-Other/);
    const otherHeaders = new Set(['idempotency-key', 'x-other']);
    expect(request(document, {}, { otherHeaders }).headers).toEqual({});
  });
});

describe('a body', () => {
  const post = (requestBody: JsonValue, more: Members = {}) =>
    v3(
      { '/x': { post: { operationId: 'op', requestBody, ...more } } },
      {
        components: { schemas: { Pet: { allOf: [{ properties: { name: {} } }, { properties: { tag: {} } }] } } },
      },
    );
  const json = (schema: JsonValue, more: Members = {}) =>
    post({ content: { 'application/json': { schema } }, ...more });
  const pet = json({ $ref: '#/components/schemas/Pet' }, { required: true });

  it('is the parameter body, or the parameters that are nothing else, or the input of the step', () => {
    const expected = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"Rex"}' };
    expect(request(pet, { body: { name: 'Rex' } })).toMatchObject(expected);
    expect(request(pet, { name: 'Rex' })).toMatchObject(expected);
    expect(request(pet, {}, { input: { name: 'Rex' } })).toMatchObject(expected);
    expect(request(json({ properties: { body: {} } }), { body: 1 }).body).toBe('{"body":1}');
    expect(request(json({}), { any: 1 }).body).toBe('{"any":1}');
  });

  it('is missing, or has members that its schema does not name', () => {
    expect(code(() => request(pet))).toMatch(/^OPENAPI_PARAMETER_MISSING: .*body/);
    expect(request(json({})).body).toBeUndefined();
    expect(code(() => request(pet, { nmae: 'Rex' }))).toMatch(/^OPENAPI_PARAMETER_UNKNOWN: .*nmae/);
    expect(request(json({ properties: { a: {} }, additionalProperties: true }), { b: 1 }).body).toBe('{"b":1}');
  });

  it('is no part of what reads', () => {
    const document = v3({ '/x': { get: { operationId: 'op' } } });
    expect(request(document, {}, { input: { of: 'the flow' } })).toMatchObject({ method: 'GET', body: undefined });
  });

  it.each<[string, JsonValue, string, string]>([
    ['application/problem+json', { a: 1 }, 'application/problem+json', '{"a":1}'],
    [
      'application/x-www-form-urlencoded',
      { a: 'x y', b: [1, 2] },
      'application/x-www-form-urlencoded',
      'a=x%20y&b=1&b=2',
    ],
    ['text/plain', 'said', 'text/plain', 'said'],
    ['*/*', { a: 1 }, 'application/json', '{"a":1}'],
  ])('is sent as %s', (type, input, contentType, body) => {
    const document = post({ content: { 'multipart/form-data': {}, [type]: {} } });
    expect(request(document, {}, { input })).toMatchObject({ headers: { 'content-type': contentType }, body });
  });

  it('of a kind that is not sent is refused', () => {
    const document = post({ content: { 'multipart/form-data': {} } });
    expect(code(() => request(document, {}, { input: {} }))).toMatch(/^OPENAPI_NOT_SUPPORTED: .*multipart/);
    const text = post({ content: { 'text/plain': {} } });
    expect(code(() => request(text, {}, { input: {} }))).toMatch(/^OPENAPI_PARAMETER_NOT_VALID: .*text\/plain/);
  });

  it('of version 2.0 is a parameter of its own name, or a form', () => {
    const whole = v2({
      '/x': { put: { operationId: 'op', parameters: [{ name: 'pet', in: 'body', required: true }] } },
    });
    expect(request(whole, { pet: { id: 1 } })).toMatchObject({ method: 'PUT', body: '{"id":1}' });
    expect(code(() => request(whole))).toMatch(/^OPENAPI_PARAMETER_MISSING: .*pet/);
    const parameters = [
      { name: 'a', in: 'formData', required: true },
      { name: 'b', in: 'formData' },
    ];
    const form = v2({ '/x': { post: { operationId: 'op', parameters } } });
    expect(request(form, { a: 'x y' })).toMatchObject({
      ...{ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=x%20y' },
    });
    expect(code(() => request(form, { b: 1 }))).toMatch(/^OPENAPI_PARAMETER_MISSING: .*\ba\b/);
  });
});

it('asks for JSON where an operation answers with several', () => {
  const content = { 'application/xml': {}, 'application/vnd.pet+json': {} };
  const responses = { 404: { description: 'no' }, 200: { $ref: '#/components/responses/Pet' } };
  const document = v3(
    { '/x': { get: { operationId: 'op', responses } } },
    { components: { responses: { Pet: { content } } } },
  );
  expect(request(document).headers).toEqual({ accept: 'application/vnd.pet+json' });
});
