import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { payloadRef, tenantId } from '@chorda/kernel';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnv } from '../env/read-env.js';
import { z } from 'zod';
import { FolderStore } from './folder-store.js';
import { PayloadChangedError, PayloadMissingError, PayloadTooLargeError } from './payload-errors.js';
import { PayloadStore, payloadBytesMax } from './payload-store.js';
import { openPayloads, payloadsEnv } from './payloads.env.js';

const [ours, theirs] = [tenantId('ours'), tenantId('theirs')];
const large = JSON.stringify('ä'.repeat(50_000));

describe('a payload store', () => {
  let folder: string;
  let store: PayloadStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chorda-payloads-'));
    store = new PayloadStore(new FolderStore(folder), new Registry());
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fileOf = (sha256: string) => join(folder, 'ours', sha256.slice(0, 2), sha256);

  it('leaves small values where they are, and gives large ones back byte for byte', async () => {
    expect(await store.small(ours, '"small"')).toBe('"small"');
    const text = await store.small(ours, large);
    const ref = JSON.parse(text);
    expect(ref).toEqual({ uri: `/v1/payloads/${ref.sha256}`, length: Buffer.byteLength(large), sha256: ref.sha256 });
    expect(await store.whole(ours, text)).toBe(large);
    expect(await store.whole(ours, '"small"')).toBe('"small"');
    expect(await store.has(ours, ref)).toBe(true);
    expect(await store.has(ours, { ...ref, length: 1 })).toBe(false);
  });

  it('keeps the same value once, and leaves no unfinished files', async () => {
    const [one, other] = await Promise.all([store.keep(ours, large), store.keep(ours, large)]);
    expect(one).toEqual(other);
    expect(readdirSync(join(folder, 'ours', one.sha256.slice(0, 2)))).toEqual([one.sha256]);
    expect(await store.check()).toEqual({ count: 1, bytes: Buffer.byteLength(large), damaged: [] });
  });

  it('names a value when it is kept, and not before: whoever reads the name may look at once', async () => {
    const { promise: written, resolve: write } = Promise.withResolvers<void>();
    const slow = new PayloadStore(
      new (class extends FolderStore {
        override async put(key: string, bytes: Buffer): Promise<void> {
          await written;
          await super.put(key, bytes);
        }
      })(folder),
      new Registry(),
    );
    let isNamed = false;
    const named = slow.small(ours, large).then((text) => {
      isNamed = true;
      return text;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isNamed).toBe(false);
    write();
    expect(await slow.whole(ours, await named)).toBe(large);
  });

  it('shows a tenant its own values alone', async () => {
    const ref = await store.keep(ours, large);
    await expect(store.read(theirs, ref.sha256)).rejects.toThrow(PayloadMissingError);
    expect(await store.has(theirs, ref)).toBe(false);
  });

  it('says of a value that is gone, cut, or another, what it is, and keeps it anew when it is given again', async () => {
    const ref = await store.keep(ours, large);
    truncateSync(fileOf(ref.sha256), 10);
    await expect(store.read(ours, ref.sha256)).rejects.toThrow(PayloadChangedError);
    expect((await store.check()).damaged).toEqual([`ours/${ref.sha256.slice(0, 2)}/${ref.sha256}`]);
    await store.keep(ours, large);
    expect((await store.read(ours, ref.sha256)).toString()).toBe(large);
    writeFileSync(fileOf(ref.sha256), 'x'.repeat(ref.length));
    await expect(store.read(ours, ref.sha256)).rejects.toThrow(/is not what was kept/);
    rmSync(fileOf(ref.sha256));
    await expect(store.read(ours, ref.sha256)).rejects.toThrow(/never kept here, or the store has lost it/);
  });

  it('is asked for names of payloads alone, and never for a path', async () => {
    const outside = join(folder, '..', 'outside');
    for (const name of ['../../outside', 'a'.repeat(63), `${'a'.repeat(63)}G`, '', '..']) {
      await expect(store.read(ours, name)).rejects.toThrow(PayloadMissingError);
    }
    await expect(new FolderStore(folder).put('../outside', Buffer.from('x'))).rejects.toThrow(TypeError);
    expect(existsSync(outside)).toBe(false);
    expect(await store.has(ours, payloadRef('b'.repeat(64), 1))).toBe(false);
  });

  it('takes no value beyond its bound', async () => {
    const beyond = 'x'.repeat(payloadBytesMax + 1);
    await expect(store.keep(ours, beyond)).rejects.toThrow(PayloadTooLargeError);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the setting of it', () => {
  const read = (CHORDA_PAYLOADS?: string) => readEnv(z.object(payloadsEnv), { CHORDA_PAYLOADS }).CHORDA_PAYLOADS;

  it('is a folder, or nothing', () => {
    expect([read('/var/lib/chorda'), read('file:///var/a%20b'), read()]).toEqual([
      '/var/lib/chorda',
      '/var/a b',
      undefined,
    ]);
    expect(openPayloads({}, new Registry())).toBeUndefined();
    for (const wrong of ['payloads', 'file://host/x', 's3://bucket'])
      expect(() => read(wrong)).toThrow(/CHORDA_PAYLOADS/);
  });
});
