import { randomUUID } from 'node:crypto';
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { ObjectStore } from './object-store.js';
import { StoreAwayError } from './payload-errors.js';

const keyPattern = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/;
/** Of files that are being written; no key ends so. */
const unfinished = '.part';

/** Objects as files of a folder, which all apps that share it see: a disk of one machine, or a network file system. */
export class FolderStore implements ObjectStore {
  private wasSeen = false;

  constructor(private readonly folder: string) {}

  async put(key: string, bytes: Buffer): Promise<void> {
    const path = this.pathOf(key);
    const size = await this.sizeOf(key);
    if (size === bytes.length) return;
    if (size === undefined) await this.none();
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const part = `${path}.${randomUUID()}${unfinished}`;
    try {
      await writeThrough(part, bytes);
      // Readers see all of it or nothing, also after a crash.
      await rename(part, path);
      await syncFolder(dirname(path));
      this.wasSeen = true;
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  async get(key: string, bytesMax: number): Promise<Buffer | undefined> {
    const file = await orNone(open(this.pathOf(key), 'r'));
    if (file === undefined) return this.none();
    this.wasSeen = true;
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.min(size, bytesMax));
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return bytes.subarray(0, at);
    } finally {
      await file.close();
    }
  }

  async sizeOf(key: string): Promise<number | undefined> {
    return (await orNone(stat(this.pathOf(key))))?.size;
  }

  async *keys(): AsyncIterable<string> {
    const root = await orNone(opendir(this.folder, { recursive: true }));
    if (root === undefined) return;
    for await (const entry of root) {
      const path = join(entry.parentPath, entry.name).slice(this.folder.length + 1);
      const key = path.split(sep).join('/');
      if (entry.isFile() && keyPattern.test(key)) yield key;
    }
  }

  /** A folder that was there and is not is a disk that is not mounted: what lies in it is not gone. */
  private async none(): Promise<undefined> {
    const isThere = (await orNone(stat(this.folder))) !== undefined;
    if (!isThere && this.wasSeen) throw new StoreAwayError(this.folder);
    this.wasSeen ||= isThere;
    return undefined;
  }

  private pathOf(key: string): string {
    if (!keyPattern.test(key)) throw new TypeError(`Not a key of an object: ${key}`);
    return join(this.folder, ...key.split('/'));
  }
}

async function writeThrough(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function orNone<Found>(found: Promise<Found>): Promise<Found | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
