import { describe, expect, it } from 'vitest';
import { hashOfForm } from '../form-text.js';
import { readWorkflow } from './read-workflow.js';

const order = `
workflow: order
title: Ship what was ordered
input_schema:
  type: object
  required: [sku, count]
  properties: { sku: { type: string }, count: { type: integer } }
  additionalProperties: false
timeout: 7d
steps:
  reserve:
    kind: tool
    tool: inventory.reserve
    input: { sku: "\${ input.sku }", count: "\${ input.count + 1 }" }
    retry: { attempts: 3, backoff: 2s, errors: [tool, timeout] }
    compensate: { kind: tool, tool: inventory.release }
  charge:
    kind: webhook
    needs: [reserve]
    url: https://pay.example/charges
    input: { reservation: "\${ steps.reserve.output.id }" }
  approve:
    kind: human
    needs: [reserve]
    when: input.count > 10
    title: "Ship \${ input.count } of \${ input.sku }?"
    due: 1d
  ship:
    kind: tool
    tool: ship
    needs: [charge, approve]
output: { parcel: "\${ steps.ship.output }" }
`;

/** `line:column pointer detail` of each fault. */
function faultsOf(text: string): readonly string[] {
  const { faults } = readWorkflow(text);
  return faults.map(({ line, column, pointer, detail }) => `${line}:${column} ${pointer} ${detail}`);
}

const oneStep = (text: string) => `workflow: w\nsteps:\n  a:\n    ${text.replaceAll('\n', '\n    ')}\n`;

describe('the name of a step or a state', () => {
  it.each(['constructor', 'toString', 'hasOwnProperty'])('is not %s, which every object has', (name) => {
    const rule = 'is a name that every object has: choose another';
    expect(faultsOf(`workflow: w\nsteps:\n  ${name}: { kind: script, value: 1 }\n`)).toEqual([
      `3:3 /steps/${name} ${rule}`,
    ]);
    const machine = `workflow: w\nstart: ${name}\nstates:\n  ${name}: { final: completed }\n`;
    expect(faultsOf(machine)).toEqual([`4:3 /states/${name} ${rule}`]);
  });
});

describe('a name `__proto__`, which objects do not keep', () => {
  const rule = 'is a name that every object has: choose another';
  const step = '{ kind: script, value: 1 }';

  it.each<[string, string, readonly string[]]>([
    ['of a step', `workflow: w\nsteps:\n  a: ${step}\n  __proto__: ${step}\n`, [`4:3 /steps/__proto__ ${rule}`]],
    ['of the only step', `workflow: w\nsteps:\n  __proto__: ${step}\n`, [`3:3 /steps/__proto__ ${rule}`]],
    [
      'in JSON',
      '{"workflow": "w",\n "steps": {"__proto__": {"kind": "script", "value": 1}}}',
      [`2:12 /steps/__proto__ ${rule}`],
    ],
    [
      'of a state',
      'workflow: w\nstart: A\nstates:\n  A: { final: completed }\n  __proto__: { final: completed }\n',
      [`5:3 /states/__proto__ ${rule}`],
    ],
    ['of a definition', `__proto__: 1\nworkflow: w\nsteps: { a: ${step} }\n`, [`1:1 /__proto__ ${rule}`]],
    [
      'in a value',
      oneStep('kind: script\nvalue: { a: { __proto__: 1 } }'),
      [`5:19 /steps/a/value/a/__proto__ ${rule}`],
    ],
    [
      'in a schema',
      `workflow: w\ninput_schema: { type: object, properties: { __proto__: {} } }\nsteps: { a: ${step} }\n`,
      [`2:45 /input_schema/properties/__proto__ ${rule}`],
    ],
    [
      'in a path of `assign`',
      oneStep('kind: script\nvalue: 1\nassign: { a.__proto__.b: 1 }'),
      [`6:15 /steps/a/assign/a.__proto__.b ${rule}`],
    ],
    [
      'in Serverless Workflow',
      'document: { dsl: 1.0.0, namespace: n, name: w, version: 1.0.0 }\ndo:\n  - __proto__: { set: { a: 1 } }\n',
      [`3:5 /do/0/__proto__ ${rule}`],
    ],
  ])('is refused %s', (_, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });
});

describe('a definition', () => {
  it('comes to a form that says everything', () => {
    const { form } = readWorkflow(order);
    expect(form).toMatchObject({
      name: 'order',
      version: '1',
      timeout_ms: 7 * 86_400_000,
      flow: { kind: 'graph', join: { mode: 'all' }, steps: [{ needs: [] }, { needs: ['reserve'] }, {}, {}] },
    });
    expect(form?.flow.kind === 'graph' && form.flow.steps[0]?.step).toMatchObject({
      id: 'reserve',
      kind: 'tool',
      queue: 'default',
      on_failure: 'pause',
      retry: [
        { attempts_max: 3, backoff: { kind: 'exponential', ms: 2_000, factor: 2, ms_max: 300_000, jitter: 0.2 } },
      ],
      compensate: { id: 'reserve_compensate', kind: 'tool' },
    });
  });

  it('has the same hash in JSON, and in YAML with its members in another order', () => {
    const { form } = readWorkflow(order);
    const again = readWorkflow(
      order.replace('workflow: order\ntitle: Ship what was ordered', 'title: Ship what was ordered\nworkflow: order'),
    );
    expect(form && again.form && hashOfForm(form) === hashOfForm(again.form)).toBe(true);
    const other = readWorkflow(order.replace('7d', '8d'));
    expect(form && other.form && hashOfForm(form) === hashOfForm(other.form)).toBe(false);
  });

  it('is a state machine as well', () => {
    const { form, faults } = readWorkflow(`
workflow: review
start: PROCESSING
visits_max: 20
states:
  PROCESSING:
    step: { kind: agent, agent_id: AGENT-1 }
    next: REVIEW
    on_error: [{ to: ERROR, assign: { tries: "\${ context.tries + 1 }" } }]
  REVIEW:
    on: { approve: APPROVED, reject: { to: PROCESSING, when: event.data.again == true } }
    after: [{ delay: 3d, to: ERROR }]
  APPROVED: { final: completed, output: "\${ context }" }
  ERROR:
    next: [{ to: PROCESSING, when: context.tries < 3 }, FAILED]
  FAILED: { final: failed, error: { class: raised, message: no more tries } }
context: { tries: 0 }
`);
    expect(faults).toEqual([]);
    expect(form?.flow).toMatchObject({ kind: 'machine', start: 'PROCESSING', visits_max: 20 });
  });
});

describe('a fault is told with its line, column and pointer', () => {
  it.each<[string, string, readonly (string | RegExp)[]]>([
    ['an unknown kind', oneStep('kind: magic'), [/^4:5 \/steps\/a\/kind must be one of agent, tool/]],
    ['an unknown member', oneStep('kind: script\nvalue: 1\nvalu: 2'), ['6:5 /steps/a/valu is not known here']],
    ['a member that is missing', oneStep('kind: tool'), ['3:3 /steps/a/tool must be there']],
    ['a member of another type', oneStep('kind: tool\ntool: 5'), ['5:5 /steps/a/tool must be a text']],
    [
      'a reference to nothing',
      oneStep('kind: script\nvalue: 1\nneeds: [b]'),
      ['6:13 /steps/a/needs/0 names b, and there is no such step'],
    ],
    [
      'an output that is not there yet',
      'workflow: w\nsteps:\n  a: { kind: script, value: "${ steps.b.output }" }\n  b: { kind: script, value: 1 }\n',
      ['3:22 /steps/a/value names steps.b, which is not there; it has no members'],
    ],
    [
      'an input that the schema does not know',
      'workflow: w\ninput_schema: { type: object, properties: { n: { type: integer } }, additionalProperties: false }\nsteps:\n  a: { kind: script, value: "${ input.m }" }\n',
      ['4:22 /steps/a/value names input.m, which is not there; there are n'],
    ],
    [
      'a sum of a text and a number',
      'workflow: w\ninput_schema: { type: object, properties: { n: { type: string } } }\nsteps:\n  a: { kind: script, value: "${ input.n + 1 }" }\n',
      ['4:22 /steps/a/value uses + with string and int, which it never takes'],
    ],
    [
      'an output of the wrong type',
      'workflow: w\noutput_schema: { type: object, required: [id], properties: { n: { type: integer } } }\nsteps:\n  a: { kind: script, value: "x" }\noutput: { n: "${ steps.a.output }" }\n',
      ['5:1 /output has no id, which the schema requires', '5:11 /output/n is a text where the schema wants integer'],
    ],
    [
      'a literal that breaks its schema',
      oneStep('kind: tool\ntool: t\ninput_schema: { type: object, required: [x] }\ninput: { y: 1 }'),
      [/^7:5 \/steps\/a\/input must have required property 'x'/],
    ],
    [
      'a cycle',
      'workflow: w\nsteps:\n  a: { kind: script, value: 1, needs: [c] }\n  b: { kind: script, value: 1, needs: [a] }\n  c: { kind: script, value: 1, needs: [b] }\n',
      ['3:32 /steps/a/needs goes round in a circle: a needs c needs b needs a'],
    ],
    [
      'a condition that is no condition',
      oneStep('kind: script\nvalue: 1\nwhen: 1 + 1'),
      [/6:5 \/steps\/a\/when must say true or false/],
    ],
    ['an expression without end', oneStep('kind: script\nvalue: "${ 1"'), [/5:5 \/steps\/a\/value has a \$\{ without/]],
    ['what is no CEL', oneStep('kind: script\nvalue: "${ 1 + }"'), [/5:5 \/steps\/a\/value must be CEL: 1:\d+/]],
    [
      'a name twice',
      'workflow: w\nworkflow: v\nsteps: { a: { kind: script, value: 1 } }\n',
      [/^2:1 \/workflow#again has the name workflow twice/],
    ],
    ['what is no YAML', 'workflow: [\n', [/must be YAML or JSON/]],
    ['a duration', oneStep('kind: timer\nfor: soon'), [/5:5 \/steps\/a\/for must be a duration/]],
    ['a duration past the bound', oneStep('kind: timer\nfor: 100000d'), [/must be at most 3650d/]],
    [
      'a window past the bound',
      oneStep('kind: map\nitems: [1]\nwindow: 5000\nbody: { steps: { b: { kind: script, value: 1 } } }'),
      [/6:5 \/steps\/a\/window must be a whole number from 1 to 200/],
    ],
    [
      'two forms of a flow',
      'workflow: w\nsteps: { a: { kind: script, value: 1 } }\nstates: {}\n',
      [/must have either steps or states/],
    ],
    [
      'a compensation by people',
      oneStep('kind: tool\ntool: t\ncompensate: { kind: human, title: x }'),
      [/compensate\/kind must be one of/],
    ],
    ['a URL', oneStep('kind: webhook\nurl: file:///etc/passwd'), [/url must be an http or https URL/]],
    ['no address at all', oneStep('kind: webhook'), [/\/steps\/a must have either url or openapi/]],
    [
      'an address beside an operation, and a method',
      oneStep(
        'kind: webhook\nmethod: GET\nurl: https://a.example/\nopenapi: { document: https://a.example/o.json, operation: find }',
      ),
      [/must have either url or openapi/, /method is said by the operation of openapi/],
    ],
    [
      'an operation of a document that is nowhere',
      oneStep('kind: webhook\nopenapi: { document: o.json, operation: find }'),
      [/openapi\/document must be an http or https URL/],
    ],
    [
      'a JSON Schema',
      oneStep('kind: tool\ntool: t\noutput_schema: { type: nothing }'),
      [/output_schema must be a JSON Schema/],
    ],
    ['nothing', '', [/must not be empty/]],
    [
      'several at once',
      'workflow: W!\nsteps:\n  a: { kind: tool }\n  b: { kind: nope }\n',
      [/workflow must be/, /tool must be there/, /kind must be/],
    ],
  ])('%s', (_name, text, expected) => {
    const faults = faultsOf(text);
    expected.forEach((each, index) => {
      if (typeof each === 'string') expect(faults[index]).toBe(each);
      else expect(faults[index]).toMatch(each);
    });
    expect(faults).toHaveLength(expected.length);
  });

  it.each<[string, string, readonly RegExp[]]>([
    ['leads to a state that is not there', 'A: { next: B }', [/leads to B, and there is no such state/]],
    [
      'goes round without a bound',
      'A: { next: [{ to: Z, when: context.x == 1 }, B] }\n  B: { next: A }\n  Z: { final: completed }',
      [/goes round without a bound/],
    ],
    ['leads nowhere', 'A: {}', [/leads nowhere/]],
    ['is never reached', 'A: { final: completed }\n  B: { final: completed }', [/B is never reached/]],
    [
      'never ends',
      'A: { next: B }\n  B: { on: { x: A } }',
      [/A comes to no final/, /B comes to no final/, /without a bound/],
    ],
  ])('a machine that %s', (_name, states, expected) => {
    const faults = faultsOf(`workflow: w\nstart: A\nstates:\n  ${states}\n`);
    for (const each of expected) expect(faults.some((fault) => each.test(fault))).toBe(true);
  });
});

describe('what is too large is refused for its size', () => {
  const steps = (count: number) =>
    `workflow: w\nsteps:\n${Array.from({ length: count }, (_each, index) => `  s${index}: { kind: script, value: 1 }\n`).join('')}`;

  it('a million steps, by bytes and before they are parsed', () => {
    const text = `workflow: w\nsteps:\n${'  a: { kind: script, value: 1 }\n'.repeat(1_000_000)}`;
    expect(faultsOf(text)).toEqual([`null:null  must have at most 262144 bytes, not ${text.length}`]);
  });

  it('more steps than may be', () => {
    expect(faultsOf(steps(1_001))[0]).toMatch(/has 1001 steps and states; at most 1000/);
    expect(faultsOf(steps(1_000))[0]).toMatch(/comes to \d+ bytes; at most 262144/);
    expect(faultsOf(steps(500))).toEqual([]);
  });

  it('flows too deep within each other', () => {
    const nested = (depth: number): object =>
      depth === 0 ? { kind: 'script', value: 1 } : { kind: 'flow', flow: { steps: { a: nested(depth - 1) } } };
    expect(faultsOf(JSON.stringify({ workflow: 'w', steps: { a: nested(7) } }))).toEqual([]);
    expect(faultsOf(JSON.stringify({ workflow: 'w', steps: { a: nested(8) } }))[0]).toMatch(/9 deep; at most 8/);
  });

  it.each([
    [
      'aliases that repeat each other',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}\n`,
      /at most 40000 values/,
    ],
    ['an alias of itself', 'a: &a [*a]\n', /part of/],
    ['brackets within brackets', '['.repeat(5_000), /nested at most/],
    ['an unknown alias', 'a: *nope\n', /nope/],
    ['an infinite number', 'workflow: w\nsteps: .inf\n', /value of JSON/],
    ['a number beyond JSON', 'workflow: w\nsteps: 123456789012345678901\n', /holds exactly/],
  ])('%s', (_name, text, why) => {
    const faults = faultsOf(text);
    expect(faults.some((fault) => why.test(fault))).toBe(true);
  });

  it('hundreds of steps in a line are in order', () => {
    const line = Object.fromEntries(
      Array.from({ length: 400 }, (_each, index) => [
        `s${index}`,
        { kind: 'script', value: 1, ...(index === 0 ? {} : { needs: [`s${index - 1}`] }) },
      ]),
    );
    expect(faultsOf(JSON.stringify({ workflow: 'w', steps: line }))).toEqual([]);
  });
});
