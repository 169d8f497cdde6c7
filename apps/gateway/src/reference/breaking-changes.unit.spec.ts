import { describe, expect, it } from 'vitest';
import { breakingAsyncApiChanges, breakingChanges } from './breaking-changes.js';

const document = {
  paths: {
    '/v1/things': {
      get: {
        operationId: 'listThings',
        security: [{ api_key: ['events:read'] }],
        parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', maximum: 500 } }],
        responses: {
          '200': { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
          '404': {},
        },
      },
      post: {
        operationId: 'makeThing',
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/NewThing' } } } },
        responses: { '201': {} },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'string' },
          state: { enum: ['open', 'done'] },
          parts: { type: 'array', items: { $ref: '#/components/schemas/Thing' } },
        },
      },
      NewThing: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, kind: { enum: ['a', 'b'] } },
      },
    },
  },
};

/** A copy in which one place has another value; undefined: it is gone. */
function changed(place: string, value?: unknown): readonly string[] {
  const copy: unknown = structuredClone(document);
  const names = place.split(' ');
  const last = names.pop() ?? '';
  let holder: Record<string, unknown> = Object(copy);
  for (const name of names) holder = Object(holder[name]);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return breakingChanges(document, copy);
}

const list = 'paths /v1/things get';
const thing = 'components schemas Thing';
const newThing = 'components schemas NewThing';

describe('a change of the API', () => {
  it.each([
    ['paths /v1/things', undefined, ['GET /v1/things was removed', 'POST /v1/things was removed']],
    [`${list} responses 200`, undefined, ['GET /v1/things: the answer 200 was removed']],
    [`${list} operationId`, 'x', ['GET /v1/things: the operationId was changed']],
    [`${list} security`, [{ api_key: ['admin'] }], ['GET /v1/things: another scope is needed']],
    [`${list} parameters`, [], ['GET /v1/things: the parameter limit was removed']],
    [
      `${list} parameters 1`,
      { name: 'x', in: 'query', required: true },
      ['GET /v1/things: the parameter x is new and required'],
    ],
    [`${list} parameters 0 schema maximum`, 100, ['GET /v1/things: the parameter limit: maximum is lower']],
    [`${thing} properties state`, undefined, ['GET /v1/things: 200: the field state was removed']],
    [`${thing} properties state enum`, ['open'], ['GET /v1/things: 200.state: the value done was removed']],
    [
      `${thing} properties id type`,
      ['string', 'null'],
      ['GET /v1/things: 200.id: the type was string and is string or null'],
    ],
    [`${thing} required`, [], ['GET /v1/things: 200: the field id may now be missing']],
    [`${newThing} required`, ['name', 'kind'], ['POST /v1/things: body: the field kind is now required']],
    [`${newThing} properties kind enum`, ['b'], ['POST /v1/things: body.kind: the value a was removed']],
  ])('at %s is named where it breaks who uses it', (place, value, named) => {
    expect(changed(place, value)).toEqual(named);
  });

  it.each([
    ['paths /v1/more', { get: { operationId: 'more', responses: {} } }],
    [`${list} parameters 1`, { name: 'sort', in: 'query', schema: { type: 'string' } }],
    [`${list} responses 429`, {}],
    [`${list} responses 404`, undefined],
    [`${thing} properties more`, { type: 'string' }],
    [`${thing} properties state enum`, ['open', 'done', 'lost']],
    [`${newThing} properties more`, { type: 'string' }],
  ])('at %s that only adds is none', (place, value) => {
    expect(changed(place, value)).toEqual([]);
  });

  it('of the channels is named too', () => {
    const released = { channels: { a: { messages: { m: {}, n: {} } }, b: {} }, operations: { o: {} } };
    expect(
      breakingAsyncApiChanges(released, { channels: { a: { messages: { m: {} } } }, operations: { o: {} } }),
    ).toEqual(['channels/a: the message n was removed', 'channels/b was removed']);
  });
});
