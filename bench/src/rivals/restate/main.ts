import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The same three workflows as handlers of Restate: each step is journaled. Arguments: port, folder with its packages. */
const [port = '0', folder = ''] = process.argv.slice(2);

/** As much of its SDK as is used here. */
interface Context {
  run<Value>(name: string, action: () => Value): Promise<Value>;
}
interface Restate {
  service(definition: {
    name: string;
    handlers: Readonly<Record<string, (context: Context, input: number) => Promise<number>>>;
  }): unknown;
  serve(options: { services: readonly unknown[]; port: number }): Promise<number>;
  readonly RestatePromise: { all(values: readonly unknown[]): Promise<number[]> };
}

const entry = join(folder, 'node_modules', '@restatedev', 'restate-sdk', 'dist', 'index.js');
const restate: Restate = await import(pathToFileURL(entry).href);
const step = (context: Context, name: string, value: number) => context.run(name, () => value + 1);

const bench = restate.service({
  name: 'bench',
  handlers: {
    one: (context, input) => step(context, 'a', input),
    three: async (context, input) => step(context, 'c', await step(context, 'b', await step(context, 'a', input))),
    fan: async (context, input) => {
      const steps = Array.from({ length: 10 }, (_, at) => step(context, `s${at}`, input));
      return (await restate.RestatePromise.all(steps)).reduce((sum, value) => sum + value, 0);
    },
  },
});
await restate.serve({ services: [bench], port: Number(port) });
