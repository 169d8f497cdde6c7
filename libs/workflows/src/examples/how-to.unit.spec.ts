import { readFileSync } from 'node:fs';
import { WorkflowRunner } from '@chorda/domain';
import { describe, expect, it } from 'vitest';
import { expressions, hashOfForm, readWorkflow } from '../index.js';
import { order } from './order.workflow.js';

const repository = new URL('../../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), 'utf8');
/** `<!-- code: path -->` before a code block: the block is that file. */
const markedBlock = /<!-- code: (\S+) -->\n+```(?:ts|yaml)\n([\s\S]*?)```/g;

describe('the how-to of workflows', () => {
  it('shows what is compiled and tested, as it is', () => {
    const blocks = [...read('docs/how-to/write-a-workflow.md').matchAll(markedBlock)];
    expect(blocks.map(([, file]) => file)).toEqual([
      'libs/workflows/src/examples/order.yaml',
      'libs/workflows/src/examples/order.workflow.ts',
    ]);
    for (const [, file = '', code = ''] of blocks)
      expect(code.replace("'@chorda/workflows'", "'../index.js'")).toBe(read(file));
  });

  it('says the same in YAML and in TypeScript, and it runs', () => {
    const { form, faults } = readWorkflow(read('libs/workflows/src/examples/order.yaml'));
    expect(faults).toEqual([]);
    expect(form && hashOfForm(form)).toBe(hashOfForm(order.build()));
    const runner = new WorkflowRunner(
      order.build(),
      { expressions, schemaIssues: () => [] },
      { scripts: { 'inventory.reserve': () => ({ id: 'r-1' }), ship: () => ({ parcel: 'p-1' }) } },
    );
    runner.start({ sku: 'a', count: 2 });
    runner.pass(1_000);
    expect([runner.status, runner.output]).toEqual(['completed', { parcel: 'p-1' }]);
  });
});
