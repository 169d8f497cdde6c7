import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sleep } from '@chorda/kernel';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

/** Held by one process at a time; a lock whose holder is gone is taken over. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the lock at once or says who holds it.
 *
 * The folder is made with its owner file already inside and renamed into place, so that nobody ever sees a lock
 * without a holder; the rename fails where a lock that holds a file stands.
 */
export function tryLock(path: string): FolderLock | ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new Error(`This process (${process.pid}) could not be identified`);
  mkdirSync(dirname(path), { recursive: true });
  const prepared = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  mkdirSync(prepared);
  writeFileSync(join(prepared, 'owner.json'), JSON.stringify(self));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      renameSync(prepared, path);
      return { release: () => rmSync(path, { recursive: true, force: true }) };
    } catch {
      const holder = holderOf(path);
      if (holder !== undefined && isAlive(holder)) {
        rmSync(prepared, { recursive: true, force: true });
        return holder;
      }
      moveDeadLockAway(path, `${prepared}.stale`);
    }
  }
  rmSync(prepared, { recursive: true, force: true });
  throw new Error(`The lock ${path} could not be taken: remove that folder if no Chorda process runs`);
}

/** Waits for the lock. @throws when it is still held after `timeoutMs`. */
export async function lock(
  path: string,
  timeoutMs: number,
  onWait: (holder: ProcessIdentity) => void,
): Promise<FolderLock> {
  const deadline = Date.now() + timeoutMs;
  let told = false;
  for (;;) {
    const taken = tryLock(path);
    if ('release' in taken) return taken;
    if (!told) onWait(taken);
    told = true;
    if (Date.now() > deadline) throw new Error(`The lock ${path} is held by process ${taken.pid} for too long`);
    await sleep(200);
  }
}

/** Two processes may find the same dead holder: the slower one must not remove the lock that the faster one took. */
function moveDeadLockAway(path: string, aside: string): void {
  try {
    renameSync(path, aside);
    const moved = holderOf(aside);
    if (moved !== undefined && isAlive(moved)) renameSync(aside, path);
    else rmSync(aside, { recursive: true, force: true });
  } catch {
    // Another process was faster; the next try to take the lock tells.
  }
}

/** Who holds the lock now, without taking it. */
export function liveHolder(path: string): ProcessIdentity | undefined {
  const holder = holderOf(path);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

function holderOf(path: string): ProcessIdentity | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'));
    return isIdentity(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  );
}
