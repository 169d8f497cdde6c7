import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { answers, givenWorkflow } from '@chorda/testing/workflows';

const repository = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), 'utf8');
const page = read('docs/how-to/test-a-workflow.md');
/** `<!-- code: path -->` before a code block: the block is that file. */
const markedBlock = /<!-- code: (\S+) -->\n+```ts\n([\s\S]*?)```/g;

it('shows a test that runs, as it is', () => {
  const blocks = [...page.matchAll(markedBlock)];
  expect(blocks.map(([, file]) => file)).toEqual(['libs/testing/src/examples/order.unit.spec.ts']);
  for (const [, file = '', code] of blocks) expect(code).toBe(read(file));
});

it('shows a message as it is printed', () => {
  const shown = /```text\n([\s\S]*?)\n```/.exec(page)?.[1];
  const order = givenWorkflow(read('libs/workflows/src/examples/order.yaml'));
  const run = order.withTool('inventory.reserve', answers({ id: 'r-1' })).whenStarted({ sku: 'pump', count: 12 });
  expect(() => run.thenCompleted()).toThrow(shown);
});

it('names only what is there', () => {
  const given = givenWorkflow('workflow: w\nsteps: { a: { kind: script, value: 1 } }\n');
  const places = [given, given.whenStarted(), answers(1)];
  const named = [...page.matchAll(/\b((?:with|when|then)[A-Z]\w+)/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !places.some((place) => name in place))).toEqual([]);
});
