import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Entrance } from './entrance.js';
import { accessMetadata, type Access } from './scopes.js';

export { bearerToken } from './bearer-token.js';
export { credentialOf } from './credential-of.js';

/** Stands before every handler. What is not marked as open is closed; who may come in is let in as often as allowed. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly entrance: Entrance,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(accessMetadata, [
      context.getHandler(),
      context.getClass(),
    ]);
    const http = context.switchToHttp();
    await this.entrance.admit(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), access);
    return true;
  }
}
