import { WorkflowRunner, type WorkflowForm } from '@chorda/domain';
import { describe, expect, it } from 'vitest';
import { readWorkflow } from '../compile/read-workflow.js';
import { documentOf, yamlOf } from '../document/document-of.js';
import { expressions } from '../expressions/expressions.js';
import { hashOfForm } from '../form-text.js';
import { approvalTemplate, mapReduceTemplate, processingTemplate, sagaTemplate } from '../templates/templates.js';
import {
  agent,
  emit,
  flow,
  human,
  llm,
  map,
  openapi,
  raise,
  script,
  subWorkflow,
  timer,
  tool,
  waitFor,
  webhook,
} from './kinds.js';
import { cel, text } from './reference.js';
import { machine, workflow } from './workflow.js';

interface Order {
  readonly sku: string;
  readonly count: number;
}

const order = workflow('order', { timeout: '7d' })
  .input<Order>({ type: 'object', properties: { sku: { type: 'string' }, count: { type: 'integer' } } })
  .step('reserve', ({ input }) =>
    tool<{ id: string }>('inventory.reserve', {
      input: { sku: input.sku, note: text`for ${input.sku}` },
      retry: { attempts: 3, backoff: '2s' },
      compensate: tool('inventory.release'),
    }),
  )
  .step('approve', { needs: ['reserve'] }, ({ input }) =>
    human<{ why: string }>(text`Ship ${input.sku}?`, { when: cel`${input.count} > 10`, due: '1d' }),
  )
  .step('ship', { needs: ['approve'] }, ({ steps }) =>
    tool<{ parcel: string }>('ship', { input: { reservation: steps.reserve.output.id } }),
  )
  .output(({ steps }) => ({ parcel: steps.ship.output.parcel }));

/** Through YAML and JSON, and back. */
function sameEverywhere(form: WorkflowForm): void {
  for (const text of [yamlOf(form), JSON.stringify(documentOf(form))]) {
    const again = readWorkflow(text);
    expect(again.faults).toEqual([]);
    expect(again.form).toEqual(form);
    expect(again.form && hashOfForm(again.form)).toBe(hashOfForm(form));
  }
}

const ports = { expressions, schemaIssues: () => [] };

describe('the builder', () => {
  it('makes what YAML makes', () => {
    const { form, faults } = readWorkflow(`
workflow: order
timeout: 7d
input_schema: { type: object, properties: { sku: { type: string }, count: { type: integer } } }
steps:
  reserve:
    kind: tool
    tool: inventory.reserve
    input: { sku: "\${input.sku}", note: "for \${input.sku}" }
    retry: { attempts: 3, backoff: 2s }
    compensate: { kind: tool, tool: inventory.release }
  approve: { kind: human, needs: [reserve], title: "Ship \${input.sku}?", when: input.count > 10, due: 1d }
  ship: { kind: tool, needs: [approve], tool: ship, input: { reservation: "\${steps.reserve.output.id}" } }
output: { parcel: "\${steps.ship.output.parcel}" }
`);
    expect(faults).toEqual([]);
    expect(order.build()).toEqual(form);
  });

  it('comes back from YAML and JSON with the same hash', () => {
    sameEverywhere(order.build());
  });

  it('refuses a name that objects do not keep, however it is written', () => {
    const rule = (place: string) => `/${place}/__proto__ is a name that every object has`;
    const good = workflow('w').step('a', () => script(1));
    expect(() => good.step('__proto__', () => script(1)).build()).toThrow(rule('steps'));
    const final = { final: 'completed' } as const;
    const states: Record<string, typeof final>[] = [
      { A: final, ['__proto__']: final },
      { A: final, __proto__: final },
    ];
    for (const each of states) {
      expect(() => machine('m', { start: 'A', states: each }).build()).toThrow(rule('states'));
    }
  });

  it('says every kind of step', () => {
    const inner = workflow('inner')
      .step('a', () => script('${input}'))
      .flow();
    const all = workflow('all')
      .step('agent', () => agent('AGENT-1', { session_id: '${run.id}', limits: { turns_max: 3 } }))
      .step('llm', () => llm({ model: 'm', input: 'hi', temperature: 0.5, answer_schema: { type: 'string' } }))
      .step('webhook', () => webhook('https://a.example/x', { method: 'GET', query: { q: 1 }, headers: { a: '$${b' } }))
      .step('openapi', ({ input }) =>
        openapi('https://a.example/openapi.json', 'findPets', {
          parameters: { status: input },
          documentHeaders: { authorization: 'Bearer {{secret:docs}}' },
          output_as: 'raw',
        }),
      )
      .step('emit', () => emit('said', { key: 'k', input: { x: 1 } }))
      .step('wait', () => waitFor<{ n: number }>('said', { key: 'k', accept: 'event.data.n > 1', count: 2, ttl: '1h' }))
      .step('timer', () => timer({ for: '5m' }))
      .step('until', () => timer({ until: '2027-01-01T00:00:00Z' }))
      .step('sub', () => subWorkflow('other', { version: '3', detached: true }))
      .step('raise', { needs: ['sub'] }, () => raise({ class: 'raised', message: 'no' }, { on_failure: 'continue' }))
      .step('flow', () => flow(inner, { catch: [{ errors: ['http', 'tool'], flow: inner }, {}], assign: { 'a.b': 1 } }))
      .step('map', () => map([1, 2], inner, { window: 1, failures_max: 1, collect: 'none' }))
      .step('last', { needs: ['emit', 'map'], join: { count: 1, cancel_rest: true } }, () => script(1))
      .output(({ steps }) => steps.last.output, { join: 'first' });
    sameEverywhere(all.build());
  });

  it('does not compile what cannot be', () => {
    const wrong = () => {
      // @ts-expect-error There is no step nobody.
      workflow('w').step('a', { needs: ['nobody'] }, () => script(1));
      const taken = workflow('w').step('a', () => script(1));
      // @ts-expect-error The id is taken.
      taken.step('a', () => script(2));
      workflow('w')
        .step('a', () => script(1))
        // @ts-expect-error It does not need a, and so cannot see it.
        .step('b', ({ steps }) => script(steps.a.output));
      workflow('w')
        .step('a', () => tool<{ id: string }>('t'))
        // @ts-expect-error The output of a has no member nr.
        .step('b', { needs: ['a'] }, ({ steps }) => script(steps.a.output.nr));
      // @ts-expect-error There is no state C.
      machine('m', { start: 'A', states: { A: { next: 'C' }, B: { final: 'completed' } } });
      // @ts-expect-error It starts nowhere.
      machine('m', { start: 'X', states: { A: { final: 'completed' } } });
      // @ts-expect-error There is no such option.
      tool('t', { nothing: 1 });
    };
    expect(wrong).toBeTypeOf('function');
  });
});

describe('a template', () => {
  const processing = processingTemplate({
    name: 'processing',
    processing: tool('work'),
    review: { title: 'Good?', assignees: ['ada'] },
    approved: tool('publish'),
    pause: '1m',
  });

  it.each([
    ['processing', processing],
    ['approval', approvalTemplate({ name: 'approval', title: 'May it?', assignees: ['ada'], action: tool('do') })],
    ['map-reduce', mapReduceTemplate({ name: 'map-reduce', map: tool('one'), reduce: tool('all') })],
    [
      'saga',
      sagaTemplate('saga', [
        { id: 'a', do: tool('a'), undo: tool('undo-a') },
        { id: 'b', do: tool('b') },
      ]),
    ],
  ])('%s is valid and the same in YAML', (_name, template) => {
    sameEverywhere(template.build());
  });

  it('of states tries again after an error, and completes when it is approved', () => {
    let tries = 0;
    const work = () => {
      tries += 1;
      if (tries === 1) throw new Error('not scripted');
      return { page: 1 };
    };
    const runner = new WorkflowRunner(processing.build(), ports, { scripts: { publish: () => 'out' } });
    runner.start({});
    runner.fail(runner.requests[0]?.step_id ?? '');
    expect(runner.status).toBe('running');
    runner.pass(61_000);
    runner.complete(runner.requests[0]?.step_id ?? '', work.length);
    runner.decide(runner.find('REVIEW')?.stepId ?? '', 'approved');
    runner.pass(1_000);
    expect([runner.status, runner.output]).toEqual(['completed', 'out']);
  });

  it('of a map and a reduction does both', () => {
    const form = mapReduceTemplate({ name: 'm', map: tool('one'), reduce: tool('all') }).build();
    const runner = new WorkflowRunner(form, ports, {
      scripts: { one: (_request, input) => Number(input) * 2, all: (_request, input) => ({ all: input }) },
    });
    runner.start({ items: [1, 2, 3] });
    runner.pass(1_000);
    expect([runner.status, runner.output]).toEqual(['completed', { all: [2, 4, 6] }]);
  });
});
