/** Bytes of an identity. */
export const identityBytes = 16;

export interface KnownIdentity {
  readonly offset: bigint;
  /** Of its record. */
  readonly timeMs: number;
}

const slotsMin = 2_048;

/**
 * Identities of one partition by open addressing in typed arrays: a Map of texts takes ten times the memory, and each of
 * its entries is one more thing for the garbage collector to look at.
 */
export class IdentityTable {
  private slots = new Int32Array(slotsMin).fill(-1);
  private keys = new Uint32Array((slotsMin / 2) * 4);
  private offsets = new BigInt64Array(slotsMin / 2);
  private times = new Float64Array(slotsMin / 2);
  size = 0;

  find(bytes: Buffer, at: number): KnownIdentity | undefined {
    const index = this.slots[this.slotOf(bytes, at)] ?? -1;
    if (index < 0) return undefined;
    return { offset: this.offsets[index] ?? 0n, timeMs: this.times[index] ?? 0 };
  }

  /** Takes the place of an older record of the same identity. */
  add(bytes: Buffer, at: number, { offset, timeMs }: KnownIdentity): void {
    if (this.size === this.offsets.length) this.grow();
    const slot = this.slotOf(bytes, at);
    const known = this.slots[slot] ?? -1;
    const index = known < 0 ? this.size++ : known;
    this.slots[slot] = index;
    for (let word = 0; word < 4; word++) this.keys[index * 4 + word] = bytes.readUInt32LE(at + word * 4);
    this.offsets[index] = offset;
    this.times[index] = timeMs;
  }

  /** Keeps the memory that it has come to: a table for each 32,768 events left holes in the process's own. */
  clear(): this {
    this.slots.fill(-1);
    this.size = 0;
    return this;
  }

  /** Its own, or the free one where it would stand. */
  private slotOf(bytes: Buffer, at: number): number {
    const mask = this.slots.length - 1;
    for (let slot = bytes.readUInt32LE(at + 8) & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot] ?? -1;
      if (index < 0 || this.isAt(index, bytes, at)) return slot;
    }
  }

  private isAt(index: number, bytes: Buffer, at: number): boolean {
    for (let word = 3; word >= 0; word--) {
      if (this.keys[index * 4 + word] !== bytes.readUInt32LE(at + word * 4)) return false;
    }
    return true;
  }

  private grow(): void {
    const { keys, offsets, times } = this;
    this.keys = new Uint32Array(keys.length * 2);
    this.offsets = new BigInt64Array(offsets.length * 2);
    this.times = new Float64Array(times.length * 2);
    this.keys.set(keys);
    this.offsets.set(offsets);
    this.times.set(times);
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = this.slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = (this.keys[index * 4 + 2] ?? 0) & mask;
      while ((this.slots[slot] ?? -1) >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = index;
    }
  }
}
