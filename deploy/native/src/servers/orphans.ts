import { rmSync } from 'node:fs';
import { sleep } from '@chorda/kernel';
import { isAlive, processTree, signalIfSame } from '../machine/process-identity.js';
import { readPidFile } from './server-process.js';

/** Ends a server that an earlier start left, in order and then by force. @returns whether there was one. */
export async function stopOrphan(pidFile: string, timeoutMs = 20_000): Promise<boolean> {
  const left = readPidFile(pidFile);
  if (left === undefined || !isAlive(left)) {
    rmSync(pidFile, { force: true });
    return false;
  }
  const tree = processTree(left.pid);
  for (const process of tree) signalIfSame(process, 'SIGCONT');
  // SIGINT is Postgres's fast way; Kafka, the registry and Redis take it like SIGTERM.
  signalIfSame(left, 'SIGINT');
  const deadline = Date.now() + timeoutMs;
  while (isAlive(left) && Date.now() < deadline) await sleep(50);
  for (const process of tree) signalIfSame(process, 'SIGKILL');
  rmSync(pidFile, { force: true });
  return true;
}
