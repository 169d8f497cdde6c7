import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailure, WorkflowRunner, type Script } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { exportWorkflow, readAnyDefinition } from '../any-definition.js';
import { yamlOf } from '../document/document-of.js';
import { expressions } from '../expressions/expressions.js';
import { hashOfForm, textOfForm } from '../form-text.js';
import { OpenApiDocument } from '../openapi/openapi-document.js';
import { operationRequest } from '../openapi/operation-request.js';
import { scenariosOf, type Scenario, type Sentence } from './ctk-features.js';
import { probes } from './probes.js';

const ports = { expressions, schemaIssues: () => [] };
const folder = join(import.meta.dirname, 'ctk');
const scenarios = readdirSync(folder)
  .filter((file) => file.endsWith('.feature'))
  .flatMap((file) => scenariosOf(readFileSync(join(folder, file), 'utf8')));

interface Settings {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string } | null;
  readonly output_as: string;
  readonly openapi?: { readonly document: string; readonly operation: string; readonly parameters: Members | null };
}
type Members = { readonly [name: string]: JsonValue };

/** Stands for the servers that the features call. */
const webhook: Script = (request) => {
  const settings = JSON.parse(String(request.settings)) as Settings;
  const { method, url } = requestOf(settings);
  const body = bodyOf(new URL(url), settings.headers?.['authorization']);
  if (body === undefined) throw new StepFailure({ class: 'http', code: 'STATUS', message: 'Not found', status: 404 });
  if (settings.output_as === 'body') return body;
  const asked = settings.openapi === undefined ? {} : { request: { method, url } };
  return { status: 200, headers: { 'content-type': 'application/json' }, body, ...asked };
};

/** As the orchestrator makes it of the document that the features name. */
function requestOf({ method, url, openapi }: Settings) {
  if (openapi === undefined) return { method, url };
  expect(openapi.document).toBe('https://petstore.swagger.io/v2/swagger.json');
  return operationRequest(OpenApiDocument.read(readFileSync(join(folder, 'petstore.json'), 'utf8')), {
    operationId: openapi.operation,
    parameters: openapi.parameters ?? {},
    input: null,
    documentUrl: new URL(openapi.document),
    otherHeaders: new Set(),
  });
}

function bodyOf({ pathname, search }: URL, authorization: string | undefined): JsonValue | undefined {
  const pet = (id: number) => ({ id, name: `pet ${id}`, status: 'available' });
  if (pathname.endsWith('/findByStatus')) return search === '?status=available' ? [pet(7)] : [];
  if (pathname.startsWith('/basic-auth/')) {
    const [user, password] = pathname.split('/').slice(2);
    const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    return authorization === wanted ? { authenticated: true } : undefined;
  }
  const id = /\/pet\/(\d+)$/.exec(pathname)?.[1];
  return id === undefined ? undefined : pet(Number(id));
}

function ran({ definition, input }: Pick<Scenario, 'definition' | 'input'>) {
  const { form, faults } = readAnyDefinition(definition);
  if (form === null) throw new Error(faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; '));
  const runner = new WorkflowRunner(form, ports, { scripts: { webhook, emit: () => null } });
  runner.start(input);
  runner.pass(60_000);
  return runner;
}

type Runner = ReturnType<typeof ran>;

/** Names of tasks in the order in which they ran. */
function tasksOf(runner: Runner): readonly string[] {
  return runner.history.flatMap(({ event }) => {
    if (event.type !== 'workflow.state_entered') return [];
    const name = String(Reflect.get(event.data, 'state_name') ?? Reflect.get(event.data, 'state'));
    return name.endsWith('_') ? [] : [name];
  });
}

function at(value: JsonValue, path: string): JsonValue | undefined {
  return path.split('.').reduce<unknown>((inner, name) => Object(inner)[name], value) as JsonValue | undefined;
}

function check(runner: Runner, { text, block }: Sentence): void {
  const output = runner.output;
  const named = [...text.matchAll(/'([^']+)'/g)].map(([, name]) => name ?? '');
  const run = /^And (\w+) should run (first|last|after (\w+))/.exec(text);
  if (/should complete/.test(text)) {
    expect([runner.status, runner.status === 'failed' ? runner.run.ending : null]).toEqual(['completed', null]);
    if (block !== undefined) expect(output).toEqual(parse(block));
  } else if (/should fault/.test(text)) {
    expect(runner.status).toBe('failed');
    if (block !== undefined) expect(JSON.stringify(runner.run.ending)).toContain(String(parse(block).instance));
  } else if (/containing (\d+) items/.test(text)) {
    expect(at(output, named[0] ?? '')).toHaveLength(Number(/containing (\d+)/.exec(text)?.[1]));
  } else if (/property with value/.test(text)) expect(at(output, named[0] ?? '')).toEqual(parse(block ?? ''));
  else if (/have properties/.test(text)) for (const name of named) expect(at(output, name)).not.toBeUndefined();
  else if (run) {
    const [, task = '', when, other = ''] = run;
    const tasks = tasksOf(runner);
    if (when === 'first') expect(tasks[0]).toBe(task);
    else if (when === 'last') expect(tasks.at(-1)).toBe(task);
    else expect(tasks.indexOf(task)).toBeGreaterThan(tasks.indexOf(other));
  } else throw new Error(`Nobody knows how to check: ${text}`);
}

/** Why a scenario is not supported; undefined: it was run as it says. */
function outcome(scenario: Scenario): string | undefined {
  const { faults } = readAnyDefinition(scenario.definition);
  if (faults.length > 0) return faults.map(({ detail }) => detail).join('; ');
  const runner = ran(scenario);
  for (const each of scenario.expectations) check(runner, each);
  return undefined;
}

describe('the conformance features of Serverless Workflow', () => {
  it.each(scenarios)('$feature: $name', (scenario) => {
    expect(outcome(scenario)).toBeUndefined();
  });
});

describe('what the conformance features leave out', () => {
  it.each(probes)('$name', ({ name, tasks, more, output, refused }) => {
    const definition = JSON.stringify({
      document: { dsl: '1.0.3', namespace: 'default', name: 'probe', version: '1.0.0' },
      ...more,
      do: tasks,
    });
    const { faults } = readAnyDefinition(definition);
    expect([name, faults.map(({ detail }) => detail).join('; ')]).toEqual([
      name,
      refused === undefined ? '' : expect.stringMatching(refused),
    ]);
    if (output !== undefined) {
      const runner = ran({ definition, input: { n: 1, list: [1, 2, 3] } });
      expect([runner.status, runner.output]).toEqual(['completed', output]);
    }
  });
});

describe('an imported document', () => {
  it('has the same hash through YAML of ours, and comes out of the export as it came in', () => {
    for (const { definition, name } of scenarios) {
      const { form, format } = readAnyDefinition(definition);
      if (form === null) throw new Error(name);
      const again = readAnyDefinition(yamlOf(form));
      expect([name, again.faults, again.form && hashOfForm(again.form)]).toEqual([name, [], hashOfForm(form)]);
      const stored = { form: textOfForm(form), source: definition, sourceFormat: format };
      expect(exportWorkflow(stored, 'serverless-workflow').text).toBe(definition);
    }
  });

  it('is written from a definition of ours as far as both say the same, and refused by name beyond', () => {
    const plain = readAnyDefinition(
      'workflow: w\nsteps:\n  a: { kind: script, value: { x: 1 } }\n  b: { kind: timer, for: 5s, needs: [a] }\n',
    );
    if (plain.form === null) throw new Error('not valid');
    const stored = { form: textOfForm(plain.form), source: '', sourceFormat: 'chorda' as const };
    const { text = '' } = exportWorkflow(stored, 'serverless-workflow');
    expect(readAnyDefinition(text)).toMatchObject({ format: 'serverless-workflow', faults: [] });
    const called = readAnyDefinition(
      'workflow: w\nsteps:\n  a: { kind: webhook, input: null, openapi: { document: https://a.example/o.json, operation: find, parameters: { q: 1 } } }\n',
    );
    if (called.form === null) throw new Error('not valid');
    const written = exportWorkflow({ ...stored, form: textOfForm(called.form) }, 'serverless-workflow');
    expect(parse(written.text ?? '')).toMatchObject({
      do: [
        {
          a: {
            call: 'openapi',
            with: { document: { endpoint: 'https://a.example/o.json' }, operationId: 'find', parameters: { q: 1 } },
          },
        },
      ],
    });
    const human = readAnyDefinition('workflow: w\nsteps: { a: { kind: human, title: x } }\n');
    if (human.form === null) throw new Error('not valid');
    const refused = exportWorkflow({ ...stored, form: textOfForm(human.form) }, 'serverless-workflow');
    expect(refused).toEqual({
      text: undefined,
      refusals: [{ pointer: '/steps/a/kind', detail: expect.stringContaining('human') }],
    });
  });
});

describe('the list of what is supported', () => {
  it('is what the features and probes came to', () => {
    const rows = scenarios.map((scenario) => {
      const why = outcome(scenario);
      return `| ${scenario.feature} | ${scenario.name} | ${why === undefined ? 'run' : `refused: ${why}`} |`;
    });
    const more = probes.map(({ name, output, refused }) => {
      const state =
        refused === undefined
          ? output === undefined
            ? 'imported'
            : 'run'
          : `refused: ${refused.source.replaceAll('\\', '')}`;
      return `| ${name} | ${state} |`;
    });
    const page = [
      '<!-- Written by `CHORDA_WRITE=1 npx vitest run --project unit libs/workflows/src/serverless-workflow`, never by hand. -->',
      '# Serverless Workflow',
      'What Chorda takes of [CNCF Serverless Workflow 1.0](https://serverlessworkflow.io), as its tests found it. What is refused is refused by name when a document is given, and never passed over.',
      '## Conformance features',
      ['| feature | scenario | outcome |', '| --- | --- | --- |', ...rows].join('\n'),
      '## Beyond the conformance features',
      ['| what | outcome |', '| --- | --- |', ...more].join('\n'),
    ].join('\n\n');
    const file = join(import.meta.dirname, '../../../../docs/reference/serverless-workflow.md');
    const plain = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();
    if (process.env['CHORDA_WRITE'] === '1') writeFileSync(file, `${page}\n`);
    expect(plain(readFileSync(file, 'utf8'))).toBe(plain(page));
  });
});
