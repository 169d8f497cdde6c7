import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lock, tryLock } from './folder-lock.js';
import { parseJavaVersion } from './java.js';
import { identify, isAlive, processTree, signalIfSame } from './process-identity.js';

let folder: string;
let child: ChildProcess;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chorda-machine-'));
  child = spawn('sleep', ['60']);
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('a process by pid and start', () => {
  it('is alive until it ends', async () => {
    const identity = identify(child.pid ?? 0);
    if (identity === undefined) throw new Error('the child was not found');
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
  });

  it('is not another process that has the same pid, which gets no signal', async () => {
    const stranger = { pid: child.pid ?? 0, startedAt: 'another-boot:12345' };
    expect(isAlive(stranger)).toBe(false);
    expect(signalIfSame(stranger, 'SIGKILL')).toBe(false);
    expect(child.exitCode ?? child.signalCode).toBeNull();
  });

  it('has what it started below it', async () => {
    const shell = spawn('sh', ['-c', 'sleep 60 & echo up; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(shell.stdout, 'data');
    const tree = processTree(shell.pid ?? 0);
    expect(tree).toHaveLength(2);
    for (const process of tree) signalIfSame(process, 'SIGKILL');
  });
});

describe('a lock', () => {
  const path = () => join(folder, 'lock');

  it('is held by one at a time', () => {
    const first = tryLock(path());
    expect(tryLock(path())).toMatchObject({ pid: process.pid });
    if ('release' in first) first.release();
    expect('release' in tryLock(path())).toBe(true);
  });

  it('of a process that is gone is taken over', () => {
    mkdirSync(path());
    writeFileSync(join(path(), 'owner.json'), JSON.stringify({ pid: child.pid, startedAt: 'another-boot:1' }));
    expect('release' in tryLock(path())).toBe(true);
  });

  it('is given to those that wait, one after the other', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      const held = await lock(path(), 10_000, () => undefined);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      held.release();
    };
    await Promise.all([work(), work(), work()]);
    expect(most).toBe(1);
    expect(existsSync(path())).toBe(false);
  });
});

describe('the version of a JVM', () => {
  it.each([
    ['openjdk version "1.8.0_292"', 8],
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "25" 2025-09-16', 25],
    ['openjdk version "26-ea" 2026-03-17', 26],
    ['command not found', undefined],
  ])('%s is %s', (output, version) => {
    expect(parseJavaVersion(output)).toBe(version);
  });
});
