import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';

/** The text of a definition: of a file, of stdin for `-`, or of what a module exports. */
export async function definitionIn(file: string): Promise<string> {
  try {
    if (/\.(?:ts|mts|js|mjs)$/.test(file)) return await builtIn(file);
    return file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(exitCodes.usage, `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A module that exports what the builder made. It is run, as any program of yours is. */
async function builtIn(file: string): Promise<string> {
  const exported: object = await import(pathToFileURL(resolve(file)).href);
  const found = Object.values(exported).filter(isBuilt);
  const [built] = found;
  if (built !== undefined && found.length === 1) return built.yaml();
  const what = found.length === 0 ? 'no workflow' : `${found.length} workflows`;
  throw new CommandFailure(
    exitCodes.usage,
    `${file} exports ${what}`,
    "Export one: `export const order = workflow('order')…`.",
  );
}

function isBuilt(value: unknown): value is { yaml(): string } {
  return typeof value === 'object' && value !== null && 'yaml' in value && typeof value.yaml === 'function';
}
