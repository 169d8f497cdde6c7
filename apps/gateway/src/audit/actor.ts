import type { AuditActor } from '@chorda/read-models';
import type { FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/credential-of.js';
import type { Credential } from '../auth/scopes.js';

/** Who acts by this request, for the audit events of what it changes. */
export function actorOf(request: FastifyRequest, credential: Credential = credentialOf(request)): AuditActor {
  return {
    id: credential.keyId,
    type: credential.kind,
    // The address of the connection: forwarding headers are what any sender wants them to be.
    ipAddress: request.socket.remoteAddress,
    userAgent: request.headers['user-agent']?.slice(0, 500),
  };
}
