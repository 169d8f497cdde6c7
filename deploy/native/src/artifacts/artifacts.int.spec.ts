import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ChecksumMismatchError,
  DiskFullError,
  DownloadFailedError,
  JavaMissingError,
  MavenMissingError,
} from '../errors.js';
import { ensureJava, redisProgram, type ArtifactOptions } from './artifacts.js';

const recipes = fileURLToPath(new URL('../../artifacts/', import.meta.url));
let folder: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chorda-artifacts-'));
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The machine as it is, with an empty cache and no redis-server of its own. */
function machine(env: NodeJS.ProcessEnv = {}): ArtifactOptions {
  const path = (process.env['PATH'] ?? '').split(':').filter((at) => !holds(at, 'redis-server'));
  return {
    env: { ...process.env, PATH: path.join(':'), CHORDA_CACHE_DIR: join(folder, 'cache'), ...env },
    progress: (line) => lines.push(line),
  };
}

function holds(at: string, program: string): boolean {
  try {
    return readdirSync(at).includes(program);
  } catch {
    return false;
  }
}

/** Recipes with one file changed. */
function changedRecipes(name: string, change: (text: string) => string): string {
  const copy = join(folder, 'recipes');
  cpSync(recipes, copy, { recursive: true });
  writeFileSync(join(copy, name), change(readFileSync(join(copy, name), 'utf8')));
  return copy;
}

describe('what is fetched', () => {
  it('is fetched once, whoever asks at the same time, and can be run', async () => {
    const asked = await Promise.all([redisProgram(machine()), redisProgram(machine()), redisProgram(machine())]);
    expect(new Set(asked).size).toBe(1);
    expect(lines.filter((line) => line === 'Redis 6.2: fetched')).toHaveLength(1);
    expect(statSync(asked[0] ?? '').mode & 0o111).toBe(0o111);
    expect(execFileSync(asked[0] ?? '', ['--version'], { encoding: 'utf8' })).toContain('v=6.2');
    expect(readdirSync(join(folder, 'cache'))).toHaveLength(1);
  });

  it('is refused when it is another file, and nothing of it is kept', async () => {
    const changed = changedRecipes('redis/sha256.txt', (text) => text.replace(/^.{8}/, '00000000'));
    const fetching = redisProgram({ ...machine(), recipes: changed });
    await expect(fetching).rejects.toThrow(ChecksumMismatchError);
    await expect(fetching).rejects.toThrow(/embedded-redis-1.4.4.jar .*delete it from ~\/.m2\/repository/);
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });
});

describe('a machine that lacks something is told what, and what to do', () => {
  it('Maven', async () => {
    const fetching = redisProgram(machine({ PATH: folder }));
    await expect(fetching).rejects.toThrow(MavenMissingError);
    await expect(fetching).rejects.toThrow(/mvn.*install it/);
  });

  it('space on the disk', async () => {
    const fetching = redisProgram({ ...machine(), freeBytes: () => Promise.resolve(5 * 1024 * 1024) });
    await expect(fetching).rejects.toThrow(DiskFullError);
    await expect(fetching).rejects.toThrow(/5 MiB free and 60 MiB are needed.*CHORDA_CACHE_DIR/);
  });

  it('a reachable download', async () => {
    // Maven reads its settings below this home: a mirror of everything, at a port where nobody listens.
    const home = join(folder, 'home');
    mkdirSync(join(home, '.m2'), { recursive: true });
    writeFileSync(
      join(home, '.m2', 'settings.xml'),
      '<settings><mirrors><mirror><id>away</id><mirrorOf>*</mirrorOf><url>http://127.0.0.1:1/</url></mirror></mirrors></settings>',
    );
    const fetching = redisProgram(machine({ MAVEN_OPTS: `-Duser.home=${home}` }));
    await expect(fetching).rejects.toThrow(DownloadFailedError);
    await expect(fetching).rejects.toThrow(/^Redis 6.2 could not be fetched: .*refused.*Check the network/s);
    await expect(fetching).rejects.not.toThrow(/http:\/\/127/);
  });

  it('Java, where pip cannot bring one either', async () => {
    const asking = ensureJava(21, { ...machine({ PATH: folder, JAVA_HOME: '' }), javaFolders: [] });
    await expect(asking).rejects.toThrow(JavaMissingError);
    await expect(asking).rejects.toThrow(/Java 21 or newer is needed \(none was found\): install a JRE/);
  });
});

it('brings a Java runtime along where the machine has none that is new enough', async () => {
  const path = (process.env['PATH'] ?? '').split(':').filter((at) => !holds(at, 'java'));
  // The python3 of the system may lie beside java: it alone is put back.
  const python = execFileSync('sh', ['-c', 'command -v python3'], { encoding: 'utf8' }).trim();
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  writeFileSync(join(programs, 'python3'), `#!/bin/sh\nexec ${python} "$@"\n`, { mode: 0o755 });
  const hidden = { PATH: [programs, ...path, '/bin'].join(':'), JAVA_HOME: '' };
  const java = await ensureJava(21, { ...machine(hidden), javaFolders: [] });
  expect(java.version).toBe(25);
  expect(java.program.startsWith(folder)).toBe(true);
  expect(execFileSync(java.program, ['--version'], { encoding: 'utf8' })).toContain('25.0');
});
