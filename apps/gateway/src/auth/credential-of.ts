import type { FastifyRequest } from 'fastify';
import type { Credential } from './scopes.js';

declare module 'fastify' {
  interface FastifyRequest {
    credential: Credential | undefined;
  }
}

/** @throws TypeError where a handler without guard asks; that is a fault of ours. */
export function credentialOf(request: FastifyRequest): Credential {
  if (request.credential === undefined) throw new TypeError('A handler without authentication asked who sends');
  return request.credential;
}
