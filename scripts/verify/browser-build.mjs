// Bundles libs/client for a browser. A Node module or a codec in it would end up in every page that uses it, or not
// work there at all.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../bootstrap.mjs';

const entry = join(root, 'libs', 'client', 'src', 'index.ts');
const forbidden = new Set(['avsc', 'kafkajs', 'pg', '@chorda/messaging', '@chorda/platform', '@chorda/read-models']);
const found = new Set();

const onlyForBrowsers = {
  name: 'only-for-browsers',
  enforce: 'pre',
  resolveId(source, importer) {
    const name = source.startsWith('@') ? source.split('/').slice(0, 2).join('/') : source.split('/')[0];
    const isNode = source.startsWith('node:') || builtinModules.includes(name);
    if (isNode || forbidden.has(name)) found.add(`${importer ?? entry} imports ${source}`);
    return undefined;
  },
};

const output = await build({
  root: join(root, 'libs', 'client'),
  configFile: false,
  logLevel: 'warn',
  plugins: [onlyForBrowsers],
  resolve: { conditions: ['chorda-source', 'browser', 'import', 'default'] },
  build: { write: false, minify: true, target: 'es2022', lib: { entry, formats: ['es'], fileName: 'client' } },
});

for (const line of found) console.error(line);
const chunks = [output].flat().flatMap((bundle) => bundle.output);
const bytes = chunks.reduce((sum, chunk) => sum + (chunk.code?.length ?? 0), 0);
if (readFileSync(entry, 'utf8').trim() !== '' && bytes === 0) {
  console.error('The bundle is empty');
  process.exitCode = 1;
}
if (found.size > 0) process.exitCode = 1;
console.log(`The client is ${bytes} bytes, minified`);
