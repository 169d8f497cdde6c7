import type { FastifyRequest } from 'fastify';

/** A key of ours, or three parts of a signed token: enough to refuse anything else without asking anybody. */
const tokenPattern = /^Bearer (chd_[A-Za-z0-9_-]{8,200}|[\w-]{1,2000}\.[\w-]{1,6000}\.[\w-]{1,1500})$/i;

/** What the request says of who sends it; undefined where that is no token at all. */
export function bearerToken(request: FastifyRequest): string | undefined {
  return tokenPattern.exec(request.headers.authorization ?? '')?.[1];
}
