import type { JsonValue } from '@chorda/kernel';
import { parse } from 'yaml';

export interface Probe {
  readonly name: string;
  readonly tasks: JsonValue;
  /** Beside `do`. */
  readonly more?: { readonly [name: string]: JsonValue };
  /** What it comes to for `{n: 1, list: [1, 2, 3]}`; left out: it is not run. */
  readonly output?: JsonValue;
  /** Why it is not taken. */
  readonly refused?: RegExp;
}

const set = (value: JsonValue): JsonValue => ({ set: value });
/** Read from YAML: an object with a member of this name would be taken for a promise by whoever lints. */
const going = (to: 'exit' | 'end'): JsonValue => parse(`{ set: { x: 1 }, then: ${to} }`);
const failing = { raise: { error: { type: 'https://example.com/errors/broken', status: 500, title: 'Broken' } } };

/** Features of the language, each in the smallest document that uses it. */
export const probes: readonly Probe[] = [
  { name: 'if', tasks: [{ a: { if: '.n == 2', ...Object(set({ x: 1 })) } }], output: { n: 1, list: [1, 2, 3] } },
  {
    name: 'input.from, output.as, export.as',
    tasks: [
      {
        a: {
          set: { x: '${ .n }' },
          input: { from: '{n: (.n + 1)}' },
          output: { as: '.x' },
          export: { as: '{seen: .}' },
        },
      },
      { b: set({ both: '${ [., $context.seen] }' }) },
    ],
    output: { both: [2, 2] },
  },
  {
    name: 'input and output of the workflow',
    more: { input: { from: '{m: .n}' }, output: { as: '.x' } },
    tasks: [{ a: set({ x: '${ .m }' }) }],
    output: 1,
  },
  {
    name: 'then: exit, in a nested list',
    tasks: [{ a: { do: [{ b: going('exit') }, { c: set({ x: 2 }) }] } }, { d: set({ y: '${ .x }' }) }],
    output: { y: 1 },
  },
  {
    name: 'then: end, in a nested list',
    tasks: [{ a: { do: [{ b: going('end') }] } }, { d: set({ y: 2 }) }],
    output: { x: 1 },
  },
  {
    name: 'for with at and while',
    tasks: [
      {
        a: {
          for: { each: 'i', in: '.list', at: 'k' },
          while: '$k < 2',
          do: [{ b: set({ sum: '${ (.sum // 0) + $i }', list: '${ .list }' }) }],
        },
      },
    ],
    output: { sum: 3, list: [1, 2, 3] },
  },
  {
    name: 'fork without compete',
    tasks: [{ a: { fork: { branches: [{ b: set(1) }, { c: set(2) }] } } }],
    output: [1, 2],
  },
  {
    name: 'try with catch.do',
    tasks: [{ a: { try: [{ b: failing }], catch: { as: 'e', do: [{ c: set({ got: '${ $e.title }' }) }] } } }],
    output: { got: 'Broken' },
  },
  {
    name: 'try with catch.when',
    tasks: [{ a: { try: [{ b: failing }], catch: { as: 'e', when: '$e.status == 500', do: [{ c: set('caught') }] } } }],
    output: 'caught',
  },
  {
    name: 'try with retry',
    tasks: [
      {
        a: {
          try: [{ b: failing }],
          catch: { retry: { delay: { seconds: 1 }, limit: { attempt: { count: 2 } } }, do: [{ c: set('given up') }] },
        },
      },
    ],
    output: 'given up',
  },
  { name: 'wait', tasks: [{ a: { wait: { seconds: 5 } } }, { b: set('done') }], output: 'done' },
  { name: 'wait, ISO 8601', tasks: [{ a: { wait: 'PT5S' } }, { b: set('done') }], output: 'done' },
  {
    name: 'raise with use.errors',
    more: { use: { errors: { broken: { type: 'https://example.com/e', status: 400, title: 'B' } } } },
    tasks: [{ a: { try: [{ b: { raise: { error: 'broken' } } }], catch: { do: [{ c: set('caught') }] } } }],
    output: 'caught',
  },
  { name: 'timeout of the workflow', more: { timeout: { after: { hours: 1 } } }, tasks: [{ a: set(1) }], output: 1 },
  { name: 'timeout of a task', tasks: [{ a: { wait: 'PT1S', timeout: { after: 'PT1M' } } }, { b: set(1) }], output: 1 },
  {
    name: 'run workflow',
    tasks: [
      { a: { run: { workflow: { namespace: 'default', name: 'other', version: '1.0.0', input: { n: '${ .n }' } } } } },
    ],
  },
  { name: 'listen to one', tasks: [{ a: { listen: { to: { one: { with: { type: 'com.example.a' } } } } } }] },
  {
    name: 'listen with correlate',
    tasks: [
      {
        a: {
          listen: {
            to: {
              one: {
                with: { type: 'external.paid' },
                correlate: { order: { from: '${ .data.order }', expect: '${ .order }' } },
              },
            },
          },
        },
      },
    ],
  },
  {
    name: 'listen with correlate that expects nothing',
    tasks: [
      {
        a: {
          listen: {
            to: { one: { with: { type: 'external.paid' }, correlate: { order: { from: '${ .data.order }' } } } },
          },
        },
      },
    ],
    refused: /must have from and expect/,
  },
  {
    name: 'listen to any',
    tasks: [{ a: { listen: { to: { any: [{ with: { type: 'a' } }, { with: { type: 'b' } }] } } } }],
  },
  {
    name: 'listen to all',
    tasks: [{ a: { listen: { to: { all: [{ with: { type: 'a' } }, { with: { type: 'b' } }] } } } }],
  },
  {
    name: 'listen with until',
    tasks: [{ a: { listen: { to: { any: [{ with: { type: 'a' } }], until: '. == 1' } } } }],
    refused: /is not supported: until/,
  },
  {
    name: 'listen with foreach',
    tasks: [{ a: { listen: { to: { one: { with: { type: 'a' } } } }, foreach: { do: [] } } }],
    refused: /is not supported: foreach/,
  },
  {
    name: 'schedule',
    more: { schedule: { cron: '0 0 * * *' } },
    tasks: [{ a: set(1) }],
    refused: /is not supported: schedule/,
  },
  { name: 'call grpc', tasks: [{ a: { call: 'grpc', with: {} } }], refused: /is not supported: call grpc/ },
  {
    name: 'call openapi with authentication, redirect and raw output',
    tasks: [
      {
        a: {
          call: 'openapi',
          with: {
            document: {
              endpoint: {
                uri: 'https://api.example.com/{version}/openapi.json',
                authentication: { bearer: { token: '${ .token }' } },
              },
            },
            operationId: 'find',
            parameters: { q: '${ .q }', limit: 3 },
            authentication: { basic: { username: 'u', password: '${ .password }' } },
            redirect: true,
            output: 'raw',
          },
        },
      },
    ],
  },
  {
    name: 'call openapi without operationId',
    tasks: [{ a: { call: 'openapi', with: { document: { endpoint: 'https://api.example.com/openapi.json' } } } }],
    refused: /must be a text/,
  },
  {
    name: 'call http with raw output and redirect',
    tasks: [
      {
        a: { call: 'http', with: { method: 'get', endpoint: 'https://example.com/', output: 'raw', redirect: true } },
      },
    ],
  },
  { name: 'call asyncapi', tasks: [{ a: { call: 'asyncapi', with: {} } }], refused: /is not supported: call asyncapi/ },
  { name: 'call of a function', tasks: [{ a: { call: 'mine', with: {} } }], refused: /is not supported: call mine/ },
  {
    name: 'run script',
    tasks: [{ a: { run: { script: { language: 'js', code: '1' } } } }],
    refused: /is not supported: script/,
  },
  { name: 'run shell', tasks: [{ a: { run: { shell: { command: 'ls' } } } }], refused: /is not supported: shell/ },
  {
    name: 'run container',
    tasks: [{ a: { run: { container: { image: 'x' } } } }],
    refused: /is not supported: container/,
  },
  {
    name: 'use.secrets',
    more: { use: { secrets: ['s'] } },
    tasks: [{ a: set(1) }],
    refused: /is not supported: secrets/,
  },
  {
    name: 'use.functions',
    more: { use: { functions: {} } },
    tasks: [{ a: set(1) }],
    refused: /is not supported: functions/,
  },
  {
    name: 'use.extensions',
    more: { use: { extensions: [] } },
    tasks: [{ a: set(1) }],
    refused: /is not supported: extensions/,
  },
  {
    name: 'use.authentications',
    more: { use: { authentications: {} } },
    tasks: [{ a: set(1) }],
    refused: /is not supported: authentications/,
  },
  { name: '$secrets in an expression', tasks: [{ a: set({ x: '${ $secrets.s }' }) }], refused: /names \$secrets/ },
  {
    name: 'evaluate.language js',
    more: { evaluate: { language: 'js' } },
    tasks: [{ a: set(1) }],
    refused: /is not supported: evaluate/,
  },
];
