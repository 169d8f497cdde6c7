interface Route {
  readonly method: string;
  readonly url: string;
  readonly pattern: RegExp;
}

/** Every route that Fastify was given: what the answer 405 lists, and what the tests walk. */
export class RouteInventory {
  private readonly routes: Route[] = [];

  add(method: string | readonly string[], url: string): void {
    const methods = typeof method === 'string' ? [method] : method;
    const pattern = new RegExp(
      `^${url
        .split('/')
        .map((part) =>
          part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
        )
        .join('/')}$`,
    );
    for (const each of methods) this.routes.push({ method: each, url, pattern });
  }

  all(): readonly { readonly method: string; readonly url: string }[] {
    return this.routes.map(({ method, url }) => ({ method, url }));
  }

  methodsAt(url: string): readonly string[] {
    const path = url.split('?', 1)[0] ?? '';
    const matching = this.routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(matching)].sort();
  }
}
