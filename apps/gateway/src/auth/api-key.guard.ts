import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Denials } from '../audit/denials.js';
import { Problem } from '../http/problem.js';
import { RateLimits } from '../limits/rate-limits.js';
import { Authenticator } from './authenticator.js';
import { accessMetadata, allows, type Access, type Credential } from './scopes.js';

export { credentialOf } from './credential-of.js';

/** A key of ours, or three parts of a signed token: enough to refuse anything else without asking anybody. */
const tokenPattern = /^Bearer (chd_[A-Za-z0-9_-]{8,200}|[\w-]{1,2000}\.[\w-]{1,6000}\.[\w-]{1,1500})$/i;

/** Stands before every handler. What is not marked as open is closed; who may come in is let in as often as allowed. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
    private readonly limits: RateLimits,
    private readonly denials: Denials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(accessMetadata, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const credential = await this.authenticate(request);
    if (access === undefined || !allows(credential, access)) {
      const problem = new Problem(
        'FORBIDDEN',
        access === undefined ? 'This address is closed' : `The API key or token needs the scope ${access}`,
      );
      this.denials.tell(credential, request, problem);
      throw problem;
    }
    const headers = await this.limits.admitRequest(credential);
    if (headers !== undefined) context.switchToHttp().getResponse<FastifyReply>().headers(headers);
    request.credential = credential;
    return true;
  }

  private async authenticate(request: FastifyRequest): Promise<Credential> {
    const token = bearerToken(request);
    if (token === undefined) throw unauthenticated('Send an API key or a token: Authorization: Bearer chd_...');
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

/** What the request says of who sends it; undefined where that is no token at all. */
export function bearerToken(request: FastifyRequest): string | undefined {
  return tokenPattern.exec(request.headers.authorization ?? '')?.[1];
}

function unauthenticated(detail: string): Problem {
  return new Problem('UNAUTHENTICATED', detail, { headers: { 'www-authenticate': 'Bearer realm="chorda"' } });
}
