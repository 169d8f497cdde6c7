// What must be there before anything of Chorda can run: packages, Node 24, the build. Runs on the machine's own Node
// (20.19 or newer) with nothing installed, so it imports nothing but Node.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeMajorMin = 24;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ends this script with one line that says what to do. */
export function giveUp(message) {
  console.error(`chorda: ${message}`);
  process.exit(1);
}

/** Packages, then the build. Says what it does only when it does something. */
export async function bootstrap() {
  await ensurePackages();
  await ensureBuild();
}

export async function ensurePackages() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    giveUp(`Node ${process.versions.node} is too old to install with: Node 20.19 or newer is needed`);
  }
  if (packagesAreCurrent()) return;
  console.log('Installing packages (npm ci) …');
  const started = Date.now();
  const code = await runToEnd('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: process.env });
  if (code !== 0) giveUp('npm ci failed: check the network and the registry in your npm settings, then start again');
  console.log(`Packages installed in ${seconds(started)}`);
}

/** Builds what has changed; a build with nothing to do takes about a second. */
export async function ensureBuild() {
  const started = Date.now();
  const isFirst = !existsSync(join(root, 'libs', 'kernel', 'dist'));
  if (isFirst) console.log('Building …');
  const code = await runToEnd(node24(), [compiler(), '-b', root], { env: process.env });
  if (code !== 0) giveUp('The build failed: the lines above say where');
  if (isFirst) console.log(`Built in ${seconds(started)}`);
}

/** TypeScript's native compiler. */
export function compiler() {
  return join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
}

/**
 * npm writes what it installed to a lock file of its own, last: an installation that was cut off has none, and one made
 * from an older lock file names other versions.
 */
function packagesAreCurrent() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, link, optional }]) => {
    if (!path.includes('node_modules/') || link) return true;
    const found = installed[path];
    return found === undefined ? Boolean(optional) : found.version === version;
  });
}

/** The Node 24 that npm brought, so that everyone runs the same; else this one where it is new enough. */
export function node24() {
  const brought = join(root, 'node_modules', `node-${platform()}-${arch()}`, 'bin', 'node');
  if (existsSync(brought)) return brought;
  if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) return process.execPath;
  return giveUp(
    `Node ${nodeMajorMin} is needed, npm has none for ${platform()}-${arch()} and this is ${process.versions.node}: install Node ${nodeMajorMin} or newer`,
  );
}

/** The environment in which `node` is Node 24 for everything that is started below. */
export function environment(extra = {}) {
  const folders = [dirname(node24()), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''];
  return { ...process.env, PATH: folders.join(delimiter), ...extra };
}

/**
 * Runs a program to its end with our terminal; a signal ends it and then us.
 *
 * @returns its exit code; 1 where a signal ended it.
 */
export function runToEnd(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options });
    let interrupted = false;
    const interrupt = (signal) => {
      interrupted = true;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, interrupt);
    child.once('error', (error) => giveUp(`${program} could not be started: ${error.message}`));
    child.once('close', (code) => {
      if (interrupted) process.exit(130);
      for (const signal of signals) process.off(signal, interrupt);
      resolve(code ?? 1);
    });
  });
}

/**
 * Hands over to a built entry: signals go to it, its exit code is ours. It hears of our end over the IPC channel, so
 * that killing this script does not leave it behind.
 */
export function handOver(entry, args) {
  const path = join(root, entry);
  if (!existsSync(path)) giveUp(`${entry} was not built: run npm run build and read its errors`);
  const child = spawn(node24(), ['--enable-source-maps', path, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: environment(),
  });
  // In a terminal the child gets Ctrl-C from it, from npm and from us: it counts signals of one moment as one.
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event !== undefined) whenParentIsGone(() => child.kill('SIGTERM'));
  child.once('error', (error) => giveUp(`Node 24 could not be started: ${error.message}`));
  child.once('close', (code, signal) => process.exit(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)));
}

/** An npm that is killed takes no child with it and sends it no signal: nobody would be left to stop what it started. */
function whenParentIsGone(stop) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 500);
  timer.unref();
}

function seconds(startedMs) {
  return `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;
}
