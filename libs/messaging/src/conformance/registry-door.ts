import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a registry, and can be shut: then every request finds a connection that is cut. */
export interface RegistryDoor {
  /** In place of the registry's own. */
  readonly url: string;
  readonly refused: number;
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

export async function openRegistryDoor(registryUrl: string): Promise<RegistryDoor> {
  const target = new URL(registryUrl);
  let isOpen = true;
  let refused = 0;
  const server = createServer((incoming, outgoing) => {
    if (isOpen) return forward(target, incoming, outgoing);
    refused += 1;
    incoming.socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    get refused() {
      return refused;
    },
    shut: () => void (isOpen = false),
    open: () => void (isOpen = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(target: URL, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url } = incoming;
  const place = { host: target.hostname, port: target.port, path: url, method, headers };
  const forwarded = request(place, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  forwarded.on('error', () => outgoing.destroy());
  incoming.pipe(forwarded);
}
