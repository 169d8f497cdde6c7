import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SharedSubjects {
  /** `http://HOST:PORT/apis/ccompat/v7`, as the registry's own. */
  readonly url: string;
  close(): Promise<void>;
}

const schemas = fileURLToPath(new URL('../../../schemas/', import.meta.url));

/** What `freshTopicPrefix` makes. */
const prefixed = /^(.*\/(?:subjects|config)\/)t[0-9a-f]{10}\.([^/?]+)(.*)$/;

/**
 * A door to a registry behind which the subjects of the catalogue are the same under every prefix of a spec. To register
 * them anew for each spec file took 2.5 CPU seconds and 3.5 s, and takes 0.35 and 0.4 by this door; what it said is said
 * by the specs of the registry, which go there themselves. All else passes as it is: types that a spec brings have
 * subjects of their own.
 */
export async function openSharedSubjects(registryUrl: string): Promise<SharedSubjects> {
  const target = new URL(registryUrl);
  const records = recordsOfCatalogue();
  const server = createServer((incoming, outgoing) => {
    passOn(incoming, outgoing, new URL(withoutPrefix(incoming.url ?? '/', records), target));
  });
  // Longer than any client keeps a connection for later: none is closed under a request.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** From the schemas themselves: a set-up that Vitest loads by itself would see the last build of the contracts. */
function recordsOfCatalogue(): ReadonlySet<string> {
  const files = readdirSync(schemas, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.avsc') && !file.startsWith('released'),
  );
  return new Set(
    files.map((file) => {
      const { namespace, name }: { namespace: string; name: string } = JSON.parse(
        readFileSync(join(schemas, file), 'utf8'),
      );
      return `${namespace}.${name}`;
    }),
  );
}

function withoutPrefix(path: string, records: ReadonlySet<string>): string {
  const [, before, subject, after] = prefixed.exec(path) ?? [];
  const record = subject === undefined ? '' : decodeURIComponent(subject).replace(/^.*-/, '');
  return records.has(record) ? `${before}${subject}${after}` : path;
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, url: URL): void {
  const { host: _, connection: __, ...headers } = incoming.headers;
  const passed = request(url, { method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    // A registry that goes away in the middle of an answer is seen as that.
    answer.once('error', () => outgoing.destroy());
  });
  passed.once('error', () => outgoing.destroy());
  outgoing.once('close', () => passed.destroy());
  incoming.pipe(passed);
}
