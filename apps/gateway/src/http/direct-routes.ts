import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';

export type DirectHandler = (request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Routes whose handler Fastify calls itself. Nest registers them, with their documents, and everything that every request
 * gets stays around them; only Nest's own pipeline between router and handler is left out, which was a twelfth of what an
 * append of one event costs. The handler does what the pipeline would have done.
 */
export class DirectRoutes {
  private readonly handlers = new Map<string, DirectHandler>();
  private readonly taken = new Set<string>();

  add(method: string, url: string, handler: DirectHandler): void {
    this.handlers.set(`${method} ${url}`, handler);
  }

  /** For Fastify's `onRoute`: whatever handler is set by the time of a request is the one that is called. */
  takeOver(route: RouteOptions): void {
    const handler = this.handlers.get(`${String(route.method)} ${route.url}`);
    if (handler === undefined) return;
    this.taken.add(`${String(route.method)} ${route.url}`);
    route.handler = handler;
  }

  /** @throws TypeError for a handler whose route nobody registered: its address was changed in one place only. */
  assertTaken(): void {
    const left = [...this.handlers.keys()].filter((name) => !this.taken.has(name));
    if (left.length > 0) throw new TypeError(`No route was registered for ${left.join(', ')}`);
  }
}
