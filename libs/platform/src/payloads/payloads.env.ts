import { isAbsolute, resolve } from 'node:path';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { FolderStore } from './folder-store.js';
import { PayloadStore } from './payload-store.js';

/** Where values lie that are too large for a record. */
export const payloadsEnv = {
  /**
   * A folder that all apps see, as a path or a `file://` URL. Left out: nothing is kept by reference, and what is too large
   * for a record is refused.
   */
  CHORDA_PAYLOADS: z
    .string()
    .transform((text, context) => {
      const path = text.startsWith('file://') ? pathOf(text) : text;
      if (path !== undefined && isAbsolute(path)) return resolve(path);
      context.addIssue({ code: 'custom', message: 'must be an absolute path or a file:// URL of a folder' });
      return z.NEVER;
    })
    .optional(),
} as const;

function pathOf(text: string): string | undefined {
  const url = URL.parse(text);
  return url === null || url.host !== '' ? undefined : decodeURIComponent(url.pathname);
}

export function openPayloads(
  { CHORDA_PAYLOADS: folder }: { readonly CHORDA_PAYLOADS?: string | undefined },
  registry = new Registry(),
): PayloadStore | undefined {
  return folder === undefined ? undefined : new PayloadStore(new FolderStore(folder), registry);
}
