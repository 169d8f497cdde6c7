import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSourceProcess } from '@chorda/testing';
import { expect, it } from 'vitest';
import { identify } from '../machine/process-identity.js';

const owner = new URL('./reaper-owner.fixture.spec.ts', import.meta.url);
const isRunning = (pid: number) => identify(pid) !== undefined;

it.each(['SIGTERM', 'SIGKILL'] as const)('servers end with the process that started them, by %s', async (signal) => {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-reaper-'));
  const process = startSourceProcess(owner, {}, [folder]);
  await process.until('it has its servers', () => process.output().includes('\n'));
  const servers = process.output().trim().split(' ').slice(1).map(Number);
  expect(servers.filter(isRunning)).toHaveLength(3);

  process.signal(signal);
  await process.ended;
  await expect.poll(() => servers.filter(isRunning), { timeout: 30_000 }).toEqual([]);
  await expect.poll(() => existsSync(folder), { timeout: 30_000 }).toBe(false);
});
