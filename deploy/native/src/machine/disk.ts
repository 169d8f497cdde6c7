import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DiskFullError } from '../errors.js';

/** Free bytes for this user on the disk of a folder that need not exist yet. */
export type FreeBytes = (folder: string) => Promise<number>;

export const freeBytesOf: FreeBytes = async (folder) => {
  let existing = resolve(folder);
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
};

/** @throws {@link DiskFullError} naming the setting that moves the folder. */
export async function checkDisk(
  folder: string,
  wantedBytes: number,
  setting: string,
  freeBytes = freeBytesOf,
): Promise<void> {
  const free = await freeBytes(folder);
  if (free < wantedBytes) throw new DiskFullError(folder, free, wantedBytes, setting);
}
