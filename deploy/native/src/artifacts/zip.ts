import { inflateRawSync } from 'node:zlib';

/**
 * One entry of a ZIP archive (a JAR is one).
 *
 * @throws when the archive has no such entry or is not a plain ZIP (no ZIP64, no encryption).
 */
export function readZipEntry(archive: Buffer, name: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error('Not a ZIP archive: it has no end record');
  const entries = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < entries; index += 1) {
    const nameLength = archive.readUInt16LE(at + 28);
    const afterName = at + 46 + nameLength;
    if (archive.toString('utf8', at + 46, afterName) === name) return entryAt(archive, at);
    at = afterName + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`The archive has no entry ${name}`);
}

function entryAt(archive: Buffer, central: number): Buffer {
  const method = archive.readUInt16LE(central + 10);
  const packedSize = archive.readUInt32LE(central + 20);
  const size = archive.readUInt32LE(central + 24);
  const local = archive.readUInt32LE(central + 42);
  // The local header has lengths of its own: its extra field need not be the central one's.
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + packedSize);
  if (method === 0) return Buffer.from(packed);
  if (method === 8) return inflateRawSync(packed, { maxOutputLength: size });
  throw new Error(`The archive uses compression method ${method}, which is not supported`);
}
