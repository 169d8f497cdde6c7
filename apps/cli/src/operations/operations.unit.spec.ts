import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ChordaClient } from '@chorda/client';
import { CommandLine } from '../command-line/command-line.js';
import { buildProgram } from '../program.js';
import { describe, expect, it } from 'vitest';
import { operationsPage, type DescribedApi } from './operations-page.js';
import { surfaces } from './surfaces.js';

const fileOf = (name: string) => fileURLToPath(new URL(`../../../../docs/reference/${name}`, import.meta.url));
const api: DescribedApi = JSON.parse(readFileSync(fileOf('openapi.json'), 'utf8'));
const operationIds = Object.values(api.paths).flatMap((methods) =>
  Object.values(methods).map(({ operationId }) => operationId),
);

const known = {
  folder: 'f',
  eventId: 'e',
  correlationId: 'c',
  agentId: 'a',
  executionId: 'x',
  runId: 'r',
  taskId: 't',
  keyId: 'k',
  externalType: 'external.x',
};

describe('every operation of the API', () => {
  it('has its place in the table, and the table no other', () => {
    expect(Object.keys(surfaces).sort()).toEqual(operationIds.sort());
  });

  it('has a command that there is', () => {
    const streams = { stdout: process.stdout, stderr: process.stderr };
    const program = buildProgram(new CommandLine(streams, {}, new AbortController().signal));
    for (const [id, { cli }] of Object.entries(surfaces)) {
      if (typeof cli === 'string') continue;
      const [name, action = ''] = cli(known);
      const command = program.commands.find((each) => each.name() === name);
      expect(command, id).toBeDefined();
      const inner = command?.commands.map((each) => each.name()) ?? [];
      if (inner.length > 0) expect(inner, id).toContain(action);
    }
  });

  it('has a method of the client that there is', () => {
    const client: object = new ChordaClient({ url: 'http://127.0.0.1:1' });
    for (const { client: call, method = '' } of Object.values(surfaces)) {
      if (typeof call === 'string') continue;
      for (const name of method.split(', ')) {
        const path = name.replace(/\(.*/, '').split('.');
        const found: unknown = path.reduce<unknown>((holder, part) => Object(holder)[part], client);
        expect(typeof found, name).toBe('function');
      }
    }
  });

  it('is on the page docs/reference/operations.md', () => {
    const page = operationsPage(api);
    if (process.env['CHORDA_API_RELEASE']) writeFileSync(fileOf('operations.md'), page);
    expect(readFileSync(fileOf('operations.md'), 'utf8'), 'run npm run api:release').toBe(page);
  });
});
