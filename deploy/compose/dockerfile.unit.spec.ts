import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText, root } from './compose-file.js';

const text = readText('Dockerfile');
const lines = text
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'));
const ignore = readText('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** Sources of COPY that come from the build context, not from another stage. */
const copied = lines
  .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
  .flatMap((line) => line.split(/\s+/).slice(1, -1));

describe('Dockerfile', () => {
  it('copies only what is in the repository', () => {
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((source) => !existsSync(join(root, source)))).toEqual([]);
  });

  it('copies only what .dockerignore lets through', () => {
    const admitted = ignore.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    const clean = (source: string) => source.replace(/^\.\//, '');
    expect(ignore[0]).toBe('*');
    expect(copied.map(clean).filter((source) => !admitted.includes(source))).toEqual([]);
  });

  it('copies every workspace that package-lock.json knows, or npm ci would fail', () => {
    const { workspaces } = JSON.parse(readText('package.json')) as { workspaces: string[] };
    const folders = workspaces.map((workspace) => workspace.replace(/\/\*$/, ''));
    for (const folder of folders) expect(copied, folder).toContain(folder);
  });

  it('takes from other stages only stages that exist', () => {
    const stages = lines.flatMap((line) => /^FROM .* AS (\w+)$/.exec(line)?.[1] ?? []);
    const used = lines.flatMap((line) => /--from=(\w+)/.exec(line)?.[1] ?? []);
    expect(used.filter((stage) => !stages.includes(stage))).toEqual([]);
  });

  it('runs as a user without rights, on Node 24, and says when it is ready', () => {
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    expect(last.find((line) => line.startsWith('USER '))).toBe('USER node');
    expect(text).toMatch(/^ARG NODE_IMAGE=node:24\.\d+\.\d+-[\w-]+$/m);
    expect(last.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
  });

  it('puts no secret into a layer', () => {
    expect(text).not.toMatch(/password|secret|token/i);
  });
});
