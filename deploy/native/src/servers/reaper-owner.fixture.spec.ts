// Run as a process by reaper.int.spec.ts: owns three groups of processes, prints their pids, and waits to be killed.
import { spawn } from 'node:child_process';
import { Reaper } from './reaper.js';

const reaper = new Reaper(process.argv[2] ?? '');
const pids = [1, 2, 3].map(() => {
  const server = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  if (server.pid !== undefined) reaper.add(server.pid);
  return server.pid;
});
process.stdout.write(`servers ${pids.join(' ')}\n`);
setInterval(() => undefined, 1_000);
