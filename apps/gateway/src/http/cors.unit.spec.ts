import fastify, { type FastifyInstance } from 'fastify';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerOtherOrigins } from './cors.js';
import { RouteInventory } from './route-inventory.js';

const origin = 'https://ops.example.org';

describe('a page of another origin', () => {
  let server: FastifyInstance;

  beforeAll(() => {
    server = serverFor([origin]);
  });

  const preflight = (from: string, url = '/v1/events') =>
    server.inject({ method: 'OPTIONS', url, headers: { origin: from, 'access-control-request-method': 'POST' } });

  it('is told before it asks which methods and headers it may send', async () => {
    const { statusCode, headers, body } = await preflight(origin);

    expect({ statusCode, body }).toEqual({ statusCode: 204, body: '' });
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': '*, authorization',
      vary: 'origin',
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('may read answers and errors', async () => {
    for (const url of ['/v1/events', '/v1/refused']) {
      const { headers } = await server.inject({ url, headers: { origin } });
      expect(headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-expose-headers': '*',
        vary: 'origin',
      });
    }
  });

  it.each(['https://evil.example.org', 'https://ops.example.org.evil.net', 'http://ops.example.org', 'null'])(
    'that is not named may not: %s',
    async (from) => {
      const { statusCode, headers } = await preflight(from);
      expect(statusCode).toBe(404);
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    },
  );

  it('is nobody where no setting names it', async () => {
    const { statusCode, headers } = await serverFor([]).inject({ url: '/v1/events', headers: { origin } });
    expect(statusCode).toBe(200);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers).not.toHaveProperty('vary');
  });
});

function serverFor(origins: readonly string[]): FastifyInstance {
  const server = fastify();
  const routes = new RouteInventory();
  answerOtherOrigins(server, origins, routes);
  for (const method of ['GET', 'POST']) {
    routes.add(method, '/v1/events');
    server.route({ method, url: '/v1/events', handler: () => ({ items: [] }) });
  }
  server.get('/v1/refused', () => {
    throw new Error('refused');
  });
  return server;
}
