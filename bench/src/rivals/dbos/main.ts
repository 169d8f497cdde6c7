import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The same three workflows on DBOS, as a service that calls them over HTTP: each step is a function that returns a value.
 * Arguments: port, folder with its packages, URL of its database, connections.
 */
const [port = '0', folder = '', databaseUrl = '', connections = '10'] = process.argv.slice(2);

/** As much of DBOS as is used here. */
interface Dbos {
  setConfig(config: object): void;
  registerWorkflow(
    run: (input: number) => Promise<number>,
    config: { name: string },
  ): (input: number) => Promise<number>;
  runStep<Value>(run: () => Promise<Value>, config: { name: string }): Promise<Value>;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
}

const entry = join(folder, 'node_modules', '@dbos-inc', 'dbos-sdk', 'dist', 'src', 'index.js');
const { DBOS }: { readonly DBOS: Dbos } = await import(pathToFileURL(entry).href);
DBOS.setConfig({
  ...{ name: 'bench', systemDatabaseUrl: databaseUrl, systemDatabasePoolSize: Number(connections) },
  ...{ runAdminServer: false, logLevel: 'error' },
});

const step = (name: string, value: number) => DBOS.runStep(() => Promise.resolve(value + 1), { name });
const workflows: Readonly<Record<string, (input: number) => Promise<number>>> = {
  one: DBOS.registerWorkflow((input) => step('a', input), { name: 'one' }),
  three: DBOS.registerWorkflow(async (input) => step('c', await step('b', await step('a', input))), { name: 'three' }),
  fan: DBOS.registerWorkflow(
    async (input) => {
      const all = await Promise.all(Array.from({ length: 10 }, (_, at) => step(`s${at}`, input)));
      return all.reduce((sum, value) => sum + value, 0);
    },
    { name: 'fan' },
  ),
};
await DBOS.launch();

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    const workflow = workflows[(request.url ?? '').slice(1)];
    const ended = workflow ? workflow(1) : Promise.reject(new Error('unknown'));
    ended.then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  void DBOS.shutdown().finally(() => process.exit(0));
});
