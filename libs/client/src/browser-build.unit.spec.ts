import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build, type Rollup } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import type * as Client from './index.js';
import { json, scriptedGateway } from './scripted-gateway.fixture.spec.js';

const here = fileURLToPath(new URL('.', import.meta.url));
let bundle: Rollup.OutputChunk;

beforeAll(async () => {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    root: here,
    resolve: { conditions: ['chorda-source', 'browser', 'module', 'import', 'default'] },
    build: {
      write: false,
      minify: false,
      lib: { entry: `${here}/index.ts`, formats: ['iife'], name: 'chorda' },
      rollupOptions: {
        onwarn: (warning) => {
          throw new Error(warning.message);
        },
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !('output' in output)) throw new Error('Vite built nothing');
  [bundle] = output.output;
});

/** What a browser has too. */
const browserGlobals = {
  AbortController, crypto, clearTimeout, fetch, Headers, setTimeout, TextDecoder, URL, URLSearchParams,
}; // prettier-ignore

describe('the client in a browser', () => {
  it('brings its own code and the parser of event streams, and nothing else of ours', () => {
    const sources = bundle.moduleIds.filter((id) => !id.startsWith('\0'));
    const foreign = sources.filter((id) => !id.startsWith(here) && !id.includes('/node_modules/eventsource-parser/'));
    expect(foreign).toEqual([]);
    expect(sources.length).toBeGreaterThan(5);
    expect(bundle.imports).toEqual([]);
    expect(bundle.code).not.toMatch(/__vite-browser-external|\bnode:|\brequire\(|\bBuffer\b|\bprocess\./);
  });

  it('sends and reads with what a browser has alone', async () => {
    const gateway = await scriptedGateway(json(200, { services: [] }));
    const context = createContext({ ...browserGlobals });
    const { ChordaClient } = runInContext(`${bundle.code}; chorda`, context) as typeof Client;
    const client = new ChordaClient({ url: gateway.url, apiKey: 'k' });
    expect(await client.system()).toEqual({ services: [] });
    expect(gateway.seen).toHaveLength(1);
  });
});
