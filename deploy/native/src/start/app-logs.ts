import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';

const fileBytesMax = 50 * 1024 * 1024;

/**
 * Where the apps of one process log: every line to a file, which is moved aside at a start where it has grown large,
 * and errors in short to the terminal too, whose other lines a person wants to be able to read.
 */
export function appLog(file: string, say: (line: string) => void): Writable {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > fileBytesMax) renameSync(file, `${file}.1`);
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString('utf8').split('\n')) {
        const error = shortError(line);
        if (error !== undefined) say(error);
      }
      stream.write(chunk, done);
    },
    final(done) {
      stream.end(done);
    },
  });
}

function shortError(line: string): string | undefined {
  if (!line.includes('"error"')) return undefined; // Most lines: not parsed.
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return undefined;
    const field = (name: string): string => String(Reflect.get(entry, name) ?? '');
    const level = field('level') || field('severity') || field('severity_text');
    if (level.toLowerCase() !== 'error') return undefined;
    return `${field('service.name')}: ${field('message') || field('body')}`;
  } catch {
    return undefined;
  }
}
