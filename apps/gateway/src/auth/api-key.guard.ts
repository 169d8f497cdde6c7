import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { Authenticator } from './authenticator.js';
import { accessMetadata, allows, type Access, type Credential } from './scopes.js';

declare module 'fastify' {
  interface FastifyRequest {
    credential: Credential | undefined;
  }
}

/** A token of ours: enough to refuse anything else without asking the database. */
const tokenPattern = /^Bearer (chd_[A-Za-z0-9_-]{8,200})$/i;

/** Stands before every handler. What is not marked as open is closed. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(accessMetadata, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const credential = await this.authenticate(request);
    if (access === undefined) throw new Problem('FORBIDDEN', 'This address is closed');
    if (!allows(credential, access)) throw new Problem('FORBIDDEN', `The API key needs the scope ${access}`);
    request.credential = credential;
    return true;
  }

  private async authenticate(request: FastifyRequest): Promise<Credential> {
    const token = tokenPattern.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw unauthenticated('Send an API key: Authorization: Bearer chd_...');
    let credential: Credential | undefined;
    try {
      credential = await this.authenticator.credentialOf(token);
    } catch (error) {
      const headers = { 'retry-after': '1' };
      throw new Problem('UNAVAILABLE', 'API keys cannot be checked at the moment', { headers, cause: error });
    }
    // The same words whether it never existed, is revoked or has expired: nothing to learn by trying.
    if (credential === undefined) throw unauthenticated('The API key is not valid');
    return credential;
  }
}

function unauthenticated(detail: string): Problem {
  return new Problem('UNAUTHENTICATED', detail, { headers: { 'www-authenticate': 'Bearer realm="chorda"' } });
}

/** @throws TypeError where a handler without guard asks; that is a fault of ours. */
export function credentialOf(request: FastifyRequest): Credential {
  if (request.credential === undefined) throw new TypeError('A handler without authentication asked who sends');
  return request.credential;
}
