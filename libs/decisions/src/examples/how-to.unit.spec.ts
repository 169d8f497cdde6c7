import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const repository = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), 'utf8');

/** `<!-- code: path -->` before a code block: the block is that file. */
const markedBlock = /<!-- code: (\S+) -->\n+```ts\n([\s\S]*?)```/g;

describe('the how-to of aggregates', () => {
  const blocks = [...read('docs/how-to/write-an-aggregate.md').matchAll(markedBlock)];

  it('shows code that is compiled and tested', () => {
    expect(blocks.map(([, file]) => file)).toEqual([
      'libs/decisions/src/examples/meeting-room.aggregate.ts',
      'libs/decisions/src/examples/meeting-room.unit.spec.ts',
      'libs/decisions/src/examples/meeting-room.service.ts',
    ]);
  });

  it.each(blocks.map(([, file = '', code = '']) => ({ file, code })))('shows $file as it is', ({ file, code }) => {
    expect(code).toBe(read(file));
  });
});
