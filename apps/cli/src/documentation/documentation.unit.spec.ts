import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { CommandLine } from '../command-line/command-line.js';
import { buildProgram } from '../program.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = [...globSync('docs/**/*.md', { cwd: root }), ...globSync('*.md', { cwd: root })];
const sources = ['apps', 'libs', 'deploy/native', 'scripts']
  .flatMap((folder) => globSync(`${folder}/**/*.{ts,mjs}`, { cwd: root, exclude: ['**/node_modules', '**/dist'] }))
  .filter((path) => !/\.spec\.|node_modules|\/dist\/|\/conformance\/|test-support/.test(path));
const sourceText = sources.map(read).join('\n');

/** Headings as GitHub makes anchors of them. */
const anchorsOf = (page: string) =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );

describe('the documentation', () => {
  it.each(pages)('%s links to what is there', (page) => {
    for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?|mailto):/.test(target!)) continue;
      const [path, anchor] = target!.split('#') as [string, string?];
      const file = path === '' ? page : relative(root, join(root, dirname(page), path));
      expect(existsSync(join(root, file)), `${page} -> ${target}`).toBe(true);
      if (anchor !== undefined && file.endsWith('.md'))
        expect(anchorsOf(file), `${page} -> ${target}`).toContain(anchor);
    }
  });

  it.each(pages)('%s names only files that are there', (page) => {
    for (const [, path] of read(page).matchAll(
      /`((?:apps|libs|deploy|scripts|schemas|bench)\/[\w./-]+\.(?:ts|mjs|yml|avsc))`/g,
    )) {
      expect(existsSync(join(root, path!)), path).toBe(true);
    }
  });

  it.each(pages)('%s runs only npm scripts that are there', (page) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script] of read(page).matchAll(/npm run (?:--silent )?([\w:-]+)/g)) {
      expect(Object.keys(scripts), `${page}: npm run ${script}`).toContain(script);
    }
  });

  it.each(pages)('%s calls only commands and options that are there', (page) => {
    const text = read(page).replaceAll(/\\\n\s*/g, ' ');
    for (const [, line] of text.matchAll(/(?:npm run (?:--silent )?chorda --|apps\/cli\/dist\/main\.js) ([^`\n#]+)/g)) {
      expect(unknownIn(line!.trim()), line).toEqual([]);
    }
  });

  it('describes every setting', () => {
    const described = read('docs/configuration.md');
    const isOurs =
      /\b(?:CHORDA_|KAFKA_S|KAFKA_BROKER|SCHEMA_REGISTRY_)[A-Z_]*[A-Z]\b|\b(?:DATABASE_URL|REDIS_URL|METRICS_PORT|LOG_LEVEL|OTEL_[A-Z_]+[A-Z])\b/g;
    const used = new Set(sourceText.match(isOurs));
    const missing = [...used].filter((key) => !described.includes(key) && !forTestsAlone.has(key));
    expect(missing).toEqual([]);
  });

  it('describes no setting that is not there', () => {
    const keys = [...read('docs/configuration.md').matchAll(/^\| (`[A-Z_`, ]+`) *\|/gm)].flatMap(
      ([, cell]) => cell!.match(/[A-Z_]+/g) ?? [],
    );
    expect(keys.length).toBeGreaterThan(30);
    expect(keys.filter((key) => !sourceText.includes(key))).toEqual([]);
  });

  it('describes every metric, and no other', () => {
    const exported = new Set(
      sourceText.match(
        /(?<=')(?:chorda|http_server)_[a-z_]+(?:total|seconds|bytes|records|requests|clients|events|info|partitions|sequences|waiters|subscriptions|answers|flight|left|state|commands|streams|polls|running|inbox|turns|share)(?=')/g,
      ),
    );
    const names = read('docs/metrics.md').match(/\b(?:chorda|http_server)_[a-z_]+[a-z]\b/g) ?? [];
    // The simulator puts its names together as vLLM's client does; its own specs look for them.
    const described = new Set(names.filter((name) => !name.startsWith('chorda_simulator_')));
    expect(exported.size).toBeGreaterThan(10);
    expect([...exported].filter((name) => !described.has(name))).toEqual([]);
    expect([...described].filter((name) => !exported.has(name))).toEqual([]);
  });

  it('alerts on metrics that are exported', () => {
    const queried = new Set(read('deploy/prometheus/alerts.yml').match(/\bchorda_[a-z_]+[a-z]\b/g));
    expect(queried.size).toBeGreaterThan(3);
    expect([...queried].filter((name) => !sourceText.includes(`'${name}'`))).toEqual([]);
  });
});

/** Read by tests and their helpers, and of no use to anybody else. */
const forTestsAlone: ReadonlySet<string> = new Set([
  'CHORDA_API_RELEASE',
  'CHORDA_WRITE',
  'CHORDA_TEST_STACK_FILE',
  'CHORDA_CRASH_AT',
  'CHORDA_PLANT',
  'CHORDA_CRASH_LOG',
  'CHORDA_VERIFY_RUN',
  'CHORDA_TEST_REPORT',
  'CHORDA_SOAK_FACTOR',
]);

const nobody = { write: () => true } as object as NodeJS.WritableStream;

/** Words of a documented command line that the program does not know. */
function unknownIn(line: string): string[] {
  const program = buildProgram(new CommandLine({ stdout: nobody, stderr: nobody }, {}, new AbortController().signal));
  let command: Command = program;
  const unknown: string[] = [];
  for (const word of line.split(/\s+/)) {
    if (word.startsWith('-')) {
      if (!hasOption([command, program], word) && word !== '--help') unknown.push(word);
      continue;
    }
    const inner = command.commands.find((each) => each.name() === word);
    if (inner !== undefined) command = inner;
    else if (command.commands.length > 0) unknown.push(word);
  }
  return unknown;
}

function hasOption(commands: readonly Command[], word: string): boolean {
  const flag = word.split('=')[0];
  return commands.some((command) => command.options.some((option) => option.long === flag || option.short === flag));
}
