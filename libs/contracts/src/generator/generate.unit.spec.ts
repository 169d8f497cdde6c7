import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asyncApiDocument } from '../generated/asyncapi.js';
import { gateIssues } from './gate.js';
import { generate, generatedFolder, staleFiles } from './generate.js';
import { runGenerator } from './main.js';
import { releaseSchemas } from './release.js';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));
const require = createRequire(import.meta.url);
let copy: string;

/** Schemas and the sources of contracts, with the packages of this clone. */
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'chorda-contracts-'));
  for (const path of [
    'schemas',
    'docs/reference',
    'libs/contracts/src',
    'libs/contracts/package.json',
    'libs/kernel',
    'tsconfig.base.json',
  ]) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(repository, path), join(copy, path), { recursive: true });
  }
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

const orderPlaced = {
  type: 'record',
  name: 'OrderPlaced',
  namespace: 'external',
  doc: 'An order was placed.',
  kind: 'fact',
  topic: 'external.order_placed',
  subject: ['user_id'],
  fields: [
    { name: 'user_id', type: ['null', { type: 'string', brand: 'UserId' }], doc: 'Who.', default: null },
    { name: 'order_id', type: { type: 'string', brand: 'OrderId' }, doc: 'Which.' },
    { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }, doc: 'Euro.' },
  ],
};

function writeSchema(path: string, schema: object): void {
  writeFileSync(join(copy, 'schemas', path), JSON.stringify(schema, null, 2));
}

interface MutableSchema {
  fields: { name: string; doc: string; type: unknown; default?: unknown }[];
}

function editSchema(path: string, edit: (schema: MutableSchema) => void): void {
  const schema: MutableSchema = JSON.parse(readFileSync(join(copy, 'schemas', path), 'utf8'));
  edit(schema);
  writeSchema(path, schema);
}

describe('a new event type', () => {
  it('is one schema file and one command: types, tables, page and document follow, and the code compiles', () => {
    writeSchema('external/order-placed.avsc', orderPlaced);
    expect(generate(copy)).toContain(`${generatedFolder}/external.ts`);
    writeFileSync(
      join(copy, 'libs/contracts/src/use.ts'),
      `import { EventCodec, eventTypes, parseEventData, topicOf, type EventMap } from './index.js';
       export const topic = eventTypes['external.order_placed'].topic;
       export function total(event: EventMap['external.order_placed']): string { return event.data.total; }
       const parsed = parseEventData('external.order_placed', { order_id: 'o-1', total: '12.50' });
       if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
       const metadata = { id: 'i', source: 's', subject: 'u', tenantId: 'default' as never, timeMs: 0, correlationId: 'c' };
       const codec = EventCodec.offline(1);
       const { headers, ...record } = codec.encode({ event: parsed.event, metadata });
       const received = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]));
       const { event } = codec.decode({ ...record, headers: received });
       console.log(JSON.stringify([topicOf(event), event]));
      `,
    );
    const compiler = join(repository, 'node_modules/typescript-native/bin/tsc');
    const settings = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--skipLibCheck', '--types', 'node'];
    const out = ['--rootDir', '.', '--outDir', 'libs/contracts/dist', '--customConditions', 'chorda-source'];
    execFileSync(process.execPath, [compiler, ...settings, ...out, 'libs/contracts/src/use.ts'], { cwd: copy });
    const built = join(copy, 'libs/contracts/dist/libs/contracts/src/use.js');
    const printed = execFileSync(process.execPath, [built], { cwd: copy, encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual([
      'external.order_placed',
      { type: 'external.order_placed', data: { user_id: null, order_id: 'o-1', total: '12.5' } },
    ]);
    expect(readFileSync(join(copy, 'docs/reference/events.md'), 'utf8')).toContain('## external.order_placed');
  }, 60_000);

  it('gives the same bytes each time', () => {
    writeSchema('external/order-placed.avsc', orderPlaced);
    generate(copy);
    expect(generate(copy)).toEqual([]);
    expect(staleFiles(copy)).toEqual([]);
  });
});

describe('the check of CI', () => {
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
  });
  afterEach(() => vi.restoreAllMocks());

  it('passes on what is committed', () => {
    expect(staleFiles(repository)).toEqual([]);
    expect(gateIssues(repository)).toEqual([]);
  });

  it('fails on a generated file that is stale, edited, missing, or a stranger', () => {
    const file = join(copy, generatedFolder, 'agent.ts');
    writeFileSync(file, `${readFileSync(file, 'utf8')}// edited`);
    rmSync(join(copy, generatedFolder, 'ids.ts'));
    writeFileSync(join(copy, generatedFolder, 'stranger.ts'), '');
    expect(staleFiles(copy)).toEqual(['agent.ts', 'ids.ts', 'stranger.ts'].map((name) => `${generatedFolder}/${name}`));
    expect(runGenerator(copy, { check: true })).toBe(1);
    expect(runGenerator(copy, { check: false })).toBe(0);
    expect(runGenerator(copy, { check: true })).toBe(0);
  });

  it('fails on a breaking change and names file and field, though everything was generated anew', () => {
    editSchema('workflow/step-compensated.avsc', (schema) => {
      schema.fields = schema.fields.filter((field) => field.name !== 'step_name');
    });
    generate(copy);
    expect(gateIssues(copy)).toEqual([
      {
        pointer: 'schemas/workflow/step-compensated.avsc#step_name',
        detail: expect.stringMatching(/removed or renamed.*version 1/),
      },
    ]);
    expect(runGenerator(copy, { check: true })).toBe(1);
  });

  it('fails when a released event loses its schema', () => {
    rmSync(join(copy, 'schemas/agent/ready.avsc'));
    expect(gateIssues(copy)).toMatchObject([{ pointer: 'schemas/released/agent/ready.1.avsc' }]);
  });

  it('names the rule that a schema breaks', () => {
    writeSchema('external/order-placed.avsc', { ...orderPlaced, kind: 'rumour' });
    writeSchema('external/wrong-name.avsc', orderPlaced);
    expect(() => generate(copy)).toThrow(/external\/order-placed.avsc#\/kind must be "fact"/);
    expect(() => generate(copy)).toThrow(/external\/wrong-name.avsc# must lie in external\/order-placed.avsc/);
  });
});

describe('a release', () => {
  it('copies what has changed, once, and from then on holds it', () => {
    expect(releaseSchemas(copy)).toEqual([]);
    editSchema('agent/ready.avsc', (schema) => {
      schema.fields.push({ name: 'queue', doc: 'Which.', type: ['null', 'string'], default: null });
    });
    expect(releaseSchemas(copy)).toEqual([
      { record: 'agent.Ready', version: 2, path: 'schemas/released/agent/ready.2.avsc' },
    ]);
    expect(releaseSchemas(copy)).toEqual([]);
    editSchema('agent/ready.avsc', (schema) => {
      schema.fields.at(-1)!.type = ['null', 'int'];
    });
    expect(() => releaseSchemas(copy)).toThrow(/agent\/ready.avsc#queue changed its type from string to int/);
  });

  it('can replace what was released before the first public version', () => {
    editSchema('agent/ready.avsc', (schema) => {
      schema.fields.push({ name: 'queue', doc: 'Which.', type: 'string' });
    });
    expect(releaseSchemas(copy, { replace: true })).toEqual([
      { record: 'agent.Ready', version: 1, path: 'schemas/released/agent/ready.1.avsc' },
    ]);
    expect(gateIssues(copy)).toEqual([]);
  });
});

it('describes the log as AsyncAPI 3 that its official JSON schema accepts', () => {
  const ajv = new Ajv({ meta: false, validateSchema: false, strict: false, validateFormats: false });
  const valid = ajv.compile(require('@asyncapi/specs/schemas/3.0.0.json'));
  expect(valid(asyncApiDocument) ? [] : valid.errors).toEqual([]);
  const wrong = { ...Object(asyncApiDocument), asyncapi: '2.0.0' };
  expect(valid(wrong)).toBe(false);
});
