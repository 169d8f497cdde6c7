import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readZipEntry } from './zip.js';

describe('reading one entry of an archive', () => {
  const archive = zip([
    { name: 'META-INF/MANIFEST.MF', content: Buffer.from('Manifest-Version: 1.0\n'), packed: false },
    { name: 'redis-server', content: Buffer.alloc(100_000, 'binary'), packed: true },
  ]);

  it('gives a packed entry back byte for byte', () => {
    expect(readZipEntry(archive, 'redis-server')).toEqual(Buffer.alloc(100_000, 'binary'));
  });

  it('gives a stored entry back byte for byte', () => {
    expect(readZipEntry(archive, 'META-INF/MANIFEST.MF').toString()).toBe('Manifest-Version: 1.0\n');
  });

  it('says which entry is missing', () => {
    expect(() => readZipEntry(archive, 'redis-client')).toThrow('no entry redis-client');
  });

  it('refuses what is no archive', () => {
    expect(() => readZipEntry(Buffer.from('<html>Not found</html>'), 'x')).toThrow('Not a ZIP archive');
  });

  it('inflates no further than the entry says', () => {
    const bomb = zip([{ name: 'bomb', content: Buffer.alloc(1_000_000), packed: true, claimedSize: 1_000 }]);
    expect(() => readZipEntry(bomb, 'bomb')).toThrow(/larger than/);
  });
});

interface Entry {
  readonly name: string;
  readonly content: Buffer;
  readonly packed: boolean;
  readonly claimedSize?: number;
}

/** An archive whose local headers have an extra field that the central ones lack, as `jar` makes them. */
function zip(entries: readonly Entry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const { name, content, packed, claimedSize } of entries) {
    const body = packed ? deflateRawSync(content) : content;
    const extra = Buffer.from([0xfe, 0xca, 0, 0]);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(extra.length, 28);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(packed ? 8 : 0, 10);
    central.writeUInt32LE(body.length, 20);
    central.writeUInt32LE(claimedSize ?? content.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at, 42);
    const whole = Buffer.concat([local, Buffer.from(name), extra, body]);
    locals.push(whole);
    centrals.push(Buffer.concat([central, Buffer.from(name)]));
    at += whole.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...centrals, end]);
}
