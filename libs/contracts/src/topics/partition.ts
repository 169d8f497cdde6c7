/**
 * The partition that Kafka's own default partitioner gives a key: murmur2 as in
 * `org.apache.kafka.common.utils.Utils`, so that producers in any language agree with us.
 */
export function partitionOf(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** 32-bit, signed as Java has it. */
export function murmur2(data: Buffer): number {
  const seed = 0x9747b28c;
  const multiplier = 0x5bd1e995;
  const whole = data.length - (data.length % 4);
  let hash = seed ^ data.length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(data.readInt32LE(at), multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  const rest = data.length - whole;
  if (rest === 3) hash ^= byteAt(data, whole + 2) << 16;
  if (rest >= 2) hash ^= byteAt(data, whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(data, whole), multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

function byteAt(data: Buffer, at: number): number {
  return data[at] ?? 0;
}
