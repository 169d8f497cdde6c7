import fc from 'fast-check';
import { draws } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { AnswerCheck } from '../test-support/openapi/answer-check.js';
import {
  operationsOf,
  readOpenApi,
  type OpenApiDocument,
  type PlacedOperation,
} from '../test-support/openapi/document.js';
import { requestsTo, type GeneratedRequest } from '../test-support/openapi/requests.js';
import { ScriptedWorker } from '../test-support/scripted-worker.js';
import { seedTenant, type SeededTenant } from '../test-support/seeded-tenant.js';

/** More of the same by `npm run soak -- fuzz`. */
const factor = Math.max(1, Number(process.env['CHORDA_SOAK_FACTOR'] ?? 1));
const requestsOfEach = 12 * factor;
/** Below it the door refuses what it invites to. */
const acceptedShareMin = 0.6;
/** Answers that say something of what was asked about, beside the 2xx and "not modified". */
const domainErrors: ReadonlySet<number> = new Set([404, 409, 422]);

let ground: Ground;
let gateway: GatewayUnderTest;
let document: OpenApiDocument;
let seeded: SeededTenant;
let worker: ScriptedWorker;
let check: AnswerCheck;
let key: string;
const accepted = new Map<string, number>();
const asked = new Map<string, number>();

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  seeded = await seedTenant(ground, gateway);
  document = await readOpenApi(gateway.url);
  check = new AnswerCheck(document);
  key = await ground.issueKey(['admin', 'deployment:operate']);
  // Callers of models wait for an answer, and no worker runs here.
  worker = await ScriptedWorker.start(ground, (request, own) => own.complete(request, {}));
});

afterAll(async () => {
  await worker?.stop();
  await gateway?.stop();
  await ground?.close();
});

async function answerTo({ method, path, headers, body }: GeneratedRequest) {
  const leaving = new AbortController();
  const response = await fetch(gateway.url + path, {
    method,
    headers: { ...headers, authorization: `Bearer ${key}` },
    signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(20_000)]),
    ...(body === undefined ? {} : { body }),
  });
  const [mediaType = ''] = (response.headers.get('content-type') ?? '').split(';');
  // A stream has no end to wait for.
  const isStream = mediaType === 'text/event-stream';
  const text = isStream ? '' : await response.text();
  leaving.abort();
  return { status: response.status, mediaType, text };
}

const count = (counts: Map<string, number>, id: string) => counts.set(id, (counts.get(id) ?? 0) + 1);

async function fuzz(placed: PlacedOperation): Promise<void> {
  await fc.assert(
    fc.asyncProperty(requestsTo(document, placed, seeded), async (request) => {
      const answer = await answerTo(request);
      count(asked, placed.id);
      if (answer.status < 400 || domainErrors.has(answer.status)) count(accepted, placed.id);
      const faults = check.faultsOf(placed, answer);
      // A machine under load may well lose its place in a topic for a moment: to say so is what that address is for.
      const isNotReady = request.path === '/readyz' && answer.status === 503;
      if (answer.status >= 500 && !isNotReady) throw new Error(`${answer.status}: ${answer.text}`);
      if (faults.length > 0) throw new Error(faults.join('\n'));
    }),
    { numRuns: requestsOfEach, ...draws, ...(factor > 1 ? {} : { endOnFailure: true }) },
  );
}

/** fast-check tells of the request, and keeps what was wrong with its answer as the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return `${cause}\n${error.message}`;
}

describe('requests made from /openapi.json', () => {
  it(
    'are answered as it says by every operation, and never with a fault of ours',
    async () => {
      const faults: string[] = [];
      const waiting = [...operationsOf(document)];
      const work = async () => {
        for (let placed = waiting.shift(); placed !== undefined; placed = waiting.shift()) {
          const name = `${placed.method} ${placed.path}`;
          await fuzz(placed).catch((error: unknown) => faults.push(`${name}: ${reasonOf(error)}`));
        }
      };
      await Promise.all([work(), work(), work(), work()]);
      expect(faults.join('\n\n')).toBe('');
    },
    180_000 * factor,
  );

  it('are mostly taken: answered 2xx, or with what the domain says', () => {
    const sum = (counts: Map<string, number>) => [...counts.values()].reduce((total, each) => total + each, 0);
    const shares = [...asked].map(([id, total]) => `${id} ${accepted.get(id) ?? 0}/${total}`);
    if (factor > 1) console.log(`${sum(accepted)} of ${sum(asked)} taken: ${shares.join(', ')}`);
    expect(asked.size).toBe(operationsOf(document).length);
    expect(sum(accepted) / sum(asked), shares.join(', ')).toBeGreaterThanOrEqual(acceptedShareMin);
  });
});
