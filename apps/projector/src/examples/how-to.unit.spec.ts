import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const repository = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), 'utf8');

/** `<!-- code: path -->` before a code block: the block is that file, or with `#title` its part from that describe on. */
const markedBlock = /<!-- code: ([^#\s]+)(?:#([^>]+))? -->\n+```ts\n([\s\S]*?)```/g;

describe('the how-to of projections', () => {
  const blocks = [...read('docs/how-to/write-a-projection.md').matchAll(markedBlock)];

  it('shows code that is compiled and tested', () => {
    expect(blocks.map(([, file]) => file)).toEqual([
      'apps/projector/src/examples/user-days.projection.ts',
      'apps/projector/src/examples/user-days.int.spec.ts',
    ]);
  });

  it.each(blocks.map(([, file = '', title, code = '']) => ({ file, title, code })))(
    'shows $file as it is',
    ({ file, title, code }) => {
      const source = read(file);
      expect(code).toBe(title === undefined ? source : partOf(source, title.trim()));
    },
  );
});

function partOf(source: string, title: string): string {
  const start = source.indexOf(`describe('${title}'`);
  const end = '\n});\n';
  return source.slice(start, source.indexOf(end, start) + end.length);
}
