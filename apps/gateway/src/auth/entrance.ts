import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Denials } from '../audit/denials.js';
import { Problem } from '../http/problem.js';
import { RateLimits } from '../limits/rate-limits.js';
import { Authenticator } from './authenticator.js';
import { bearerToken } from './bearer-token.js';
import { allows, type Access, type Credential } from './scopes.js';

/**
 * Asks of a request who sends it, whether he may, and how often. Nest's guard and the routes that go without Nest both
 * ask here, so that there is one answer.
 */
@Injectable()
export class Entrance {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly limits: RateLimits,
    private readonly denials: Denials,
  ) {}

  /**
   * Notes in the request who sends it. Undefined where that is known at once, as it is for nearly every request: a promise
   * for each would be a wait in the queue of everybody's promises.
   *
   * @param access Undefined: the address is closed to everybody.
   * @throws {@link Problem}, at once or by the promise.
   */
  admit(request: FastifyRequest, reply: FastifyReply, access: Access | undefined): Promise<void> | undefined {
    if (access === 'public') return undefined;
    const token = bearerToken(request);
    if (token === undefined) throw unauthenticated('Send an API key or a token: Authorization: Bearer chd_...');
    const remembered = this.authenticator.remembered(token);
    if (remembered !== undefined) return this.letIn(remembered, request, reply, access);
    return this.authenticate(token).then((credential) => this.letIn(credential, request, reply, access));
  }

  private letIn(
    credential: Credential,
    request: FastifyRequest,
    reply: FastifyReply,
    access: Access | undefined,
  ): Promise<void> | undefined {
    if (access === undefined || access === 'public' || !allows(credential, access)) {
      const detail = access === undefined ? 'This address is closed' : `The API key or token needs the scope ${access}`;
      const problem = new Problem('FORBIDDEN', detail);
      this.denials.tell(credential, request, problem);
      throw problem;
    }
    request.credential = credential;
    return this.limits.admitRequest(credential)?.then((headers) => void reply.headers(headers));
  }

  private async authenticate(token: string): Promise<Credential> {
    let credential: Credential | undefined;
    try {
      credential = await this.authenticator.credentialOf(token);
    } catch (error) {
      const headers = { 'retry-after': '1' };
      throw new Problem('UNAVAILABLE', 'API keys and tokens cannot be checked at the moment', {
        headers,
        cause: error,
      });
    }
    // The same words whether it never existed, is revoked or has expired: nothing to learn by trying.
    if (credential === undefined) throw unauthenticated('The API key or token is not valid');
    return credential;
  }
}

function unauthenticated(detail: string): Problem {
  return new Problem('UNAUTHENTICATED', detail, { headers: { 'www-authenticate': 'Bearer realm="chorda"' } });
}
