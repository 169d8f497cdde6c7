import { createHash } from 'node:crypto';
import { BackboneError, payloadRef, type JsonValue, type PayloadRef } from '@chorda/kernel';
import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { cel, expr, formWith, script, sequence, step, tool, val } from '../testing/workflow-forms.js';
import type { MapStep, Template } from './form.js';
import { referredBytesMax } from './limits.js';
import { holdsReference, ReferredTooLargeError, wholeOf } from './referred-values.js';
import { WorkflowRunner } from './workflow-runner.js';

class Gone extends BackboneError {
  readonly code = 'PAYLOAD_NOT_FOUND';
  readonly retriable = false;
}

class NotYet extends Error {}

/** A store in memory, which counts what is read. */
class Kept {
  readonly values = new Map<string, JsonValue>();
  readonly read: string[] = [];

  keep(value: JsonValue, length?: number): PayloadRef & { readonly [name: string]: JsonValue } {
    const text = JSON.stringify(value);
    const sha256 = createHash('sha256').update(text).digest('hex');
    this.values.set(sha256, value);
    return { ...payloadRef(sha256, length ?? Buffer.byteLength(text)) };
  }

  readonly payload = ({ sha256 }: PayloadRef): JsonValue => {
    const value = this.values.get(sha256);
    if (value === undefined) throw new Gone(`There is no payload ${sha256}`);
    this.read.push(sha256);
    return value;
  };
}

const document = { title: 'Minutes', pages: [1, 2, 3], lines: 'x'.repeat(70_000) };
const textSchema = { type: 'string' };
const schemaIssues = (_schema: JsonValue, value: JsonValue) =>
  typeof value === 'string' ? [] : ['/ must be a string'];
const runnerOf = (steps: Parameters<typeof sequence>[0], kept: Kept, more: Parameters<typeof formWith>[1] = {}) =>
  new WorkflowRunner(formWith(sequence(steps), more), { expressions, schemaIssues }, { payload: kept.payload });

/** A run whose first step came to a document that is kept by reference, and what its script makes of it. */
function scripted(value: Template, came: (kept: Kept) => JsonValue = (kept) => kept.keep(document)) {
  const kept = new Kept();
  const run = runnerOf([tool('fetch'), script('look', value)], kept);
  run.start();
  const output = came(kept);
  run.complete('fetch', output);
  return { run, kept, output };
}

describe('an expression', () => {
  it.each([
    ['a member of what a step came to', 'steps.fetch.output.title', 'Minutes'],
    ['a member that is looked up', 'steps["fetch"].output["pages"][2]', 3],
    ['a computation', 'size(steps.fetch.output.pages) + 1', 4],
    ['all steps by what is not said', 'steps.exists(id, steps[id].output.title == "Minutes")', true],
    ['a member that is not there', 'has(steps.fetch.output.author)', false],
    ['a member of the reference itself, which nobody sees', 'has(steps.fetch.output.sha256)', false],
  ])('reads a value that is kept by reference: %s', (_what, text, expected) => {
    const { run, kept } = scripted(expr(text));
    expect(run.status).toBe('completed');
    expect(run.output).toEqual({ look: expected });
    expect(kept.read.length).toBeGreaterThan(0);
  });

  it('reads what is within a value, where a template put it', () => {
    const kept = new Kept();
    const wrapped: Template = { kind: 'object', members: { doc: expr('steps.fetch.output'), lang: val('en') } };
    const run = runnerOf(
      [tool('fetch'), tool('file', { input: wrapped }), script('look', expr('steps.file.output.doc.title'))],
      kept,
    );
    run.start();
    const ref = kept.keep(document);
    run.complete('fetch', ref);
    expect(JSON.parse(run.request('file').input_data)).toEqual({ doc: ref, lang: 'en' });
    expect(kept.read).toEqual([]);
    run.complete('file', { doc: ref });
    expect(run.output).toEqual({ look: 'Minutes' });
  });

  it('hands a reference on by a path alone, and nobody reads it', () => {
    const { run, kept, output } = scripted(expr(' steps . fetch . output '));
    expect(run.output).toEqual({ look: output });
    expect(kept.read).toEqual([]);
  });

  it('reads nothing that it does not mention', () => {
    const { run, kept } = scripted(expr('run.id + "/" + run.name'), (store) => store.keep(document));
    expect(run.output).toEqual({ look: 'run-1/test' });
    expect(kept.read).toEqual([]);
  });

  it('makes text of the value and not of its reference', () => {
    const { run } = scripted({ kind: 'text', parts: ['<', cel('steps.fetch.output'), '>'] }, (kept) =>
      kept.keep('minutes'),
    );
    expect(run.output).toEqual({ look: '<minutes>' });
  });

  it('decides by the value: guards, retries and catches see it', () => {
    const kept = new Kept();
    const only = cel('steps.fetch.output.pages.exists(page, page == 3)');
    const run = runnerOf(
      [tool('fetch'), tool('print', { when: only }), tool('shred', { when: cel(`!(${only.text})`) })],
      kept,
    );
    run.start();
    run.complete('fetch', kept.keep(document));
    expect(run.requests.map(({ step_id }) => step_id)).toEqual(['print']);
  });

  it('fails its step where the value is gone, as an incident that a retry mends', () => {
    const kept = new Kept();
    const run = runnerOf(
      [tool('fetch'), script('look', expr('steps.fetch.output.title'), { on_failure: 'pause' })],
      kept,
    );
    run.start();
    const ref = kept.keep(document);
    kept.values.clear();
    run.complete('fetch', ref);
    expect(run.status).toBe('paused');
    expect(run.step('look').error).toMatchObject({
      class: 'expression',
      code: 'EXPRESSION_INVALID',
      message: expect.stringContaining('There is no payload'),
    });
    kept.keep(document);
    run.give({
      type: 'workflow.retry',
      data: { workflow_id: run.runId, step_id: null, resolution: 'repeat', output_data: null, reason: null },
    });
    expect(run.output).toEqual({ look: 'Minutes' });
  });

  it('reads no more than its bound, and says so', () => {
    const { run, kept } = scripted(expr('steps.fetch.output.a.title + steps.fetch.output.b.title'), (store) => ({
      a: store.keep(document, referredBytesMax),
      b: store.keep({ title: 'b' }, 1),
    }));
    expect(run.step('look').error).toMatchObject({ message: expect.stringContaining(`at most ${referredBytesMax}`) });
    expect(kept.read).toHaveLength(1);
  });

  it('leaves whatever else the store throws to whoever decides, so that the command is decided anew', () => {
    const kept = new Kept();
    const run = new WorkflowRunner(
      formWith(sequence([tool('fetch'), script('look', expr('steps.fetch.output.title'))])),
      { expressions, schemaIssues },
      {
        payload: () => {
          throw new NotYet();
        },
      },
    );
    run.start();
    expect(() => run.complete('fetch', kept.keep(document))).toThrow(NotYet);
    expect(run.status).toBe('running');
  });

  it('sees references as the values that they are where nothing is kept by reference', () => {
    const kept = new Kept();
    const run = new WorkflowRunner(
      formWith(sequence([tool('fetch'), script('look', expr('steps.fetch.output.length'))])),
      { expressions, schemaIssues },
    );
    run.start();
    run.complete('fetch', kept.keep(document, 7));
    expect(run.output).toEqual({ look: 7 });
  });
});

describe('a schema', () => {
  it('is held against the value: of a run, and of what a step came to', () => {
    const kept = new Kept();
    const run = runnerOf([tool('fetch', { output_schema: textSchema })], kept, { input_schema: textSchema });
    run.start(kept.keep('x'.repeat(70_000)));
    run.complete('fetch', kept.keep(document));
    expect(run.step('fetch').error).toMatchObject({ code: 'OUTPUT_INVALID' });
    expect(() => runnerOf([], kept, { input_schema: textSchema }).start(kept.keep(document))).toThrow(
      /must be a string/,
    );
  });

  it('refuses a run whose input cannot be read, with the reason', () => {
    const kept = new Kept();
    const ref = kept.keep('x');
    kept.values.clear();
    expect(() => runnerOf([], kept, { input_schema: textSchema }).start(ref)).toThrow(/There is no payload/);
  });
});

describe('a map', () => {
  const body = sequence([tool('print', { input: expr('item') })]);
  const map = (items: Template): MapStep => ({
    ...{ kind: 'map', items, body, window: 2, collect: 'all', while: null, item_input: null },
    ...{ join_count: null, failures_max: 0 },
  });
  const over = (count: number) => Array.from({ length: count }, (_, at) => ({ page: at, lines: 'y'.repeat(30_000) }));

  it('goes over a list that is kept by reference, whose items alone are in its events', () => {
    const kept = new Kept();
    const run = runnerOf([tool('fetch'), step('each', map(expr('steps.fetch.output')))], kept);
    run.start();
    const ref = kept.keep(over(40));
    run.complete('fetch', ref);
    expect(run.step('each').input).toEqual(ref);
    for (let at = 0; at < 40; at++) run.complete(`each[${at}]/print`, at);
    expect(run.output).toEqual({ each: Array.from({ length: 40 }, (_, at) => ({ print: at })) });
  });

  it('refuses a list without a reference that would not go into its event', () => {
    const kept = new Kept();
    const run = runnerOf([tool('fetch'), step('each', map(expr('steps.fetch.output.map(one, one)')))], kept);
    run.start();
    run.complete('fetch', kept.keep(over(40)));
    expect(run.step('each').error).toMatchObject({
      message: expect.stringContaining('unless a path alone names them'),
    });
  });
});

describe('the whole of a value', () => {
  it('has what they stand for in the place of all references, and is the value itself where there are none', async () => {
    const kept = new Kept();
    const [a, b] = [kept.keep('a'), kept.keep(['b'])];
    const read = (ref: PayloadRef) => Promise.resolve(kept.payload(ref));
    expect(await wholeOf({ list: [a, { b }], n: 1 }, read)).toEqual({ list: ['a', { b: ['b'] }], n: 1 });
    const plain = { sha256: 'a'.repeat(64), n: 1 };
    expect(await wholeOf(plain, read)).toBe(plain);
    expect([holdsReference([a]), holdsReference({ ...a, more: 1 }), holdsReference('a')]).toEqual([true, false, false]);
  });

  it('is read as far as its bound', async () => {
    const kept = new Kept();
    const value = [kept.keep('a', referredBytesMax), kept.keep('b', 1)];
    const read = (ref: PayloadRef) => Promise.resolve(kept.payload(ref));
    await expect(wholeOf(value, read)).rejects.toThrow(ReferredTooLargeError);
    expect(kept.read).toHaveLength(1);
  });
});
