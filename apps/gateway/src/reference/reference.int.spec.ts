import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { allEventTypes } from '@chorda/contracts';
import {
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { problems } from '../http/problem.js';
import { answerTypes } from './answer-types.js';
import { breakingAsyncApiChanges, breakingChanges } from './breaking-changes.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Record<
    string,
    { description: string; content?: Record<string, { examples?: object; schema?: object }> }
  >;
}

let ground: Ground;
let gateway: GatewayUnderTest;
let document: { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: object } };

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  document = JSON.parse(await (await fetch(`${gateway.url}/openapi.json`)).text());
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const operations = () => Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe('the OpenAPI document', () => {
  it('has every route of the router, and no other', async () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = gateway.app.routes
      .all()
      // Fastify answers HEAD wherever it answers GET.
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(routes).toContain('POST /v1/events');
    expect(described.sort()).toEqual(routes.sort());
  });

  it('describes each operation, its errors with examples, and no schema that is not there', () => {
    expect(document.openapi).toBe('3.1.0');
    for (const operation of operations()) {
      const failure = operation.responses['500']?.content ?? {};
      const isOpenAi = failure['application/json']?.schema !== undefined;
      expect(operation.operationId).toMatch(/^[a-z]\w+$/);
      expect(operation.summary.length).toBeGreaterThan(5);
      if (!isOpenAi) expect(failure['application/problem+json']?.examples).toHaveProperty('INTERNAL');
    }
    for (const [, name = ''] of JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      expect(document.components.schemas).toHaveProperty(name);
    }
  });

  it('names every error code that the gateway knows', () => {
    const text = JSON.stringify(document.paths);
    const missing = Object.keys(problems).filter((code) => !text.includes(`"${code}"`));
    expect(missing).toEqual([]);
  });
});

describe('the AsyncAPI document', () => {
  it('has every event type', async () => {
    const text = await (await fetch(`${gateway.url}/asyncapi.json`)).text();
    expect(allEventTypes.filter((type) => !text.includes(type))).toEqual([]);
  });
});

/**
 * `npm run api:release` sets it to `additions`, or to `breaking` where somebody wants to break who uses the API: the
 * files that were released are then written anew.
 */
const release = process.env['CHORDA_API_RELEASE'];
const releasedFile = (name: string) => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));

const write = (name: string, text: string) => writeFileSync(releasedFile(name), text);

describe('what was released of the contracts', () => {
  it.each([
    ['openapi', breakingChanges],
    ['asyncapi', breakingAsyncApiChanges],
  ] as const)('still holds for %s', async (name, breaking) => {
    const current = await (await fetch(`${gateway.url}/${name}.json`)).text();
    const file = `docs/reference/${name}.json`;
    const text = `${JSON.stringify(JSON.parse(current), null, 1)}\n`;
    if (release === 'breaking') return write(file, text);
    const released: unknown = JSON.parse(readFileSync(releasedFile(file), 'utf8'));
    const advice = `breaks who uses the API; npm run api:release -- --breaking releases it all the same`;
    expect(breaking(released, JSON.parse(current)), advice).toEqual([]);
    if (release !== undefined) write(file, text);
  });

  it('has the types of the client made from it', () => {
    const text = answerTypes(JSON.parse(readFileSync(releasedFile('docs/reference/openapi.json'), 'utf8')));
    const file = 'libs/client/src/generated/answers.ts';
    if (release !== undefined) write(file, text);
    expect(readFileSync(releasedFile(file), 'utf8'), 'run npm run api:release').toBe(text);
  });
});

describe('the page at /', () => {
  it('asks for nothing from elsewhere', async () => {
    const response = await fetch(gateway.url);
    const page = await response.text();
    expect(page).not.toMatch(/https?:\/\//);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const [, path = ''] of page.matchAll(/(?:src|href)="(\/reference\/[^"]+)"/g)) {
      expect((await fetch(gateway.url + path)).status).toBe(200);
    }
  });
});
