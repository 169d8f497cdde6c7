import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { knownEnvironment } from './where.js';

const folder = mkdtempSync(join(tmpdir(), 'chorda-where-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inner = join(folder, 'apps', 'cli');
mkdirSync(inner, { recursive: true });
mkdirSync(join(folder, '.chorda', 'run'), { recursive: true });
const write = (content: unknown) =>
  writeFileSync(
    join(folder, '.chorda', 'run', 'stack.json'),
    typeof content === 'string' ? content : JSON.stringify(content),
  );

describe('where things are', () => {
  it('takes what is not set from the stack that runs here or in a folder above', () => {
    write({ pid: process.pid, kafkaBrokers: '127.0.0.1:1', gatewayUrl: 'http://127.0.0.1:4600' });
    const environment = knownEnvironment({ KAFKA_BROKERS: 'mine:9092', REDIS_URL: '' }, inner);
    expect(environment).toEqual({ KAFKA_BROKERS: 'mine:9092', CHORDA_URL: 'http://127.0.0.1:4600' });
  });

  it('takes nothing from a stack that is gone', () => {
    // The largest pid that Linux gives out is 2^22.
    write({ pid: 2 ** 22 + 1, kafkaBrokers: '127.0.0.1:1' });
    expect(knownEnvironment({}, inner)).toEqual({});
  });

  it('takes nothing from a file that is half written', () => {
    write('{"pid": 1, "kaf');
    expect(knownEnvironment({}, inner)).toEqual({});
  });
});
