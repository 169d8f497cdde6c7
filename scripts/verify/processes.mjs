// Programs that a check starts, and whatever those start: none may outlive it.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../bootstrap.mjs';

// Children inherit the environment whatever session or parent they get: the mark finds those that detached themselves.
// Postgres and Redis write their titles over their environment: those are found by their logs, which lie below this
// run's own folder for temporary files. Its mode lets Postgres in, which is another user where we are root.
const markName = 'CHORDA_VERIFY_RUN';
const isOutermost = process.env[markName] === undefined;
const folder = process.env[markName] ?? mkdtempSync(join(tmpdir(), 'chorda-verify-'));
if (isOutermost) {
  chmodSync(folder, 0o755);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

let current;
let stopping = false;

/**
 * Runs a program to its end, with the mark.
 *
 * @param hear Gets what the program says, which is printed all the same; without it the terminal is the program's own.
 * @returns its exit code, or 128 where a signal ended it.
 */
export function runChecked(program, args, { env, hear }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: hear === undefined ? 'inherit' : ['inherit', 'pipe', 'pipe'],
      env: { ...env, [markName]: folder, TMPDIR: folder },
    });
    current = child;
    for (const [from, to] of hear === undefined
      ? []
      : [
          [child.stdout, process.stdout],
          [child.stderr, process.stderr],
        ]) {
      from.on('data', (said) => {
        to.write(said);
        hear(said);
      });
    }
    child.once('error', (error) => {
      console.error(`${program} could not be started: ${error.message}`);
      resolve(127);
    });
    child.once('close', (code) => resolve(code ?? 128));
  });
}

export function isStopping() {
  return stopping;
}

/** SIGTERM and Ctrl-C end the check in hand, which stops its servers, and start no other. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopping = true;
    current?.kill('SIGTERM');
    // A check that does not end in time is ended with everything below it.
    setTimeout(() => killAll(survivors()), 45_000).unref();
  });
}

/** Processes with our mark, other than this one and those above it. */
export function survivors() {
  if (process.platform !== 'linux') return [];
  const above = ancestors();
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && !above.has(entry))
    .filter((pid) => hasMark(pid) || target(`/proc/${pid}/fd/1`).startsWith(`${folder}/`))
    .filter((pid) => !/\) [ZX] /.test(read(`/proc/${pid}/stat`)))
    .map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 160) }));
}

export function killAll(processes) {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended meanwhile.
    }
  }
}

function hasMark(pid) {
  return read(`/proc/${pid}/environ`).split('\0').includes(`${markName}=${folder}`);
}

function target(link) {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // Ended meanwhile, or another user's.
  }
}

function ancestors() {
  const pids = new Set();
  for (let pid = String(process.pid); pid !== '0' && pid !== undefined && !pids.has(pid);) {
    pids.add(pid);
    pid = /\) \S (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1];
  }
  return pids;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // Ended meanwhile, or another user's.
  }
}
