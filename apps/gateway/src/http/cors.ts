import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RouteInventory } from './route-inventory.js';

/** How long a browser remembers what it may ask; no browser takes more than two hours. */
const preflightSeconds = 7_200;

/**
 * Lets pages of other origins call the API, where a setting names these origins; without it there is no hook at all. Nothing
 * here lets anybody in: a page has to bring a key as everybody does, and no cookie is ever asked for.
 *
 * A preflight is answered before anything else looks at it, since browsers send it without a key.
 */
export function answerOtherOrigins(fastify: FastifyInstance, origins: readonly string[], routes: RouteInventory): void {
  if (origins.length === 0) return;
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('vary', 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return done();
    void reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': '*' });
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return done();
    answerPreflight(request, reply, routes);
  });
}

function answerPreflight(request: FastifyRequest, reply: FastifyReply, routes: RouteInventory): void {
  void reply
    .code(204)
    .headers({
      'access-control-allow-methods': routes.methodsAt(request.url).join(', '),
      // The star is every header but this one.
      'access-control-allow-headers': '*, authorization',
      'access-control-max-age': String(preflightSeconds),
    })
    .send();
}
