import type { Sequence } from './sequence.js';

/** The key of a block that nobody can share: not full yet, or computed twice at once. */
const ownBlock = 0;

/**
 * The blocks of vLLM's KV cache: a bounded number, each of `blockTokens` tokens.
 *
 * A full block is known by a hash over itself and all before it, and is shared by everybody whose tokens begin alike.
 * A block that nobody uses any more is idle: its content is found again until the block is needed, the one that was
 * given back first of all.
 */
export class KvCache {
  /** Blocks in use: those of sequences' own, and each shared one once. */
  private used = 0;
  private readonly users = new Map<number, number>();
  /** Keys only; in the order of giving back. */
  private readonly idle = new Set<number>();

  constructor(
    /** Without vLLM's null block. */
    readonly blocksMax: number,
    readonly blockTokens: number,
    private readonly sharesPrefixes: boolean,
  ) {}

  get usedBlocks(): number {
    return this.used;
  }

  get idleBlocks(): number {
    return this.idle.size;
  }

  /** Share of the blocks that is in use, 0 to 1. */
  get usage(): number {
    return this.used / this.blocksMax;
  }

  /**
   * Takes the blocks of all tokens that a sequence has, sharing what is there already.
   *
   * @returns how many tokens need not be computed, or undefined when there is no room, and then nothing was taken.
   */
  begin(sequence: Sequence): { cachedTokens: number; createdTokens: number } | undefined {
    const needed = Math.ceil(sequence.knownTokens / this.blockTokens);
    const shared = this.sharesPrefixes ? this.sharedBlocks(sequence) : 0;
    let woken = 0;
    for (let index = 0; index < shared; index += 1) if (this.idle.has(sequence.hashes[index] ?? 0)) woken += 1;
    if (this.used + woken + needed - shared > this.blocksMax) return undefined;
    for (let index = 0; index < shared; index += 1) this.share(sequence, sequence.hashes[index] ?? 0);
    let createdTokens = 0;
    for (let index = shared; index < needed; index += 1) {
      this.takeOwn(sequence);
      if (this.publish(sequence, index)) createdTokens += this.blockTokens;
    }
    return { cachedTokens: shared * this.blockTokens, createdTokens };
  }

  /** Makes room for the next token. False: there is no block left, and somebody must give up theirs. */
  grow(sequence: Sequence): boolean {
    const needed = Math.ceil(sequence.knownTokens / this.blockTokens);
    while (sequence.blocks.length < needed) {
      if (this.used >= this.blocksMax) return false;
      this.publish(sequence, sequence.blocks.length - 1);
      this.takeOwn(sequence);
    }
    return true;
  }

  /** The last blocks are given back first, so that the beginning of a text is kept longest. */
  release(sequence: Sequence): void {
    // The last token is known and not computed: a block that it fills holds nothing of it yet.
    const last = sequence.blocks.length - 1;
    if ((last + 1) * this.blockTokens < sequence.knownTokens) this.publish(sequence, last);
    for (let key = sequence.blocks.pop(); key !== undefined; key = sequence.blocks.pop()) {
      const users = (this.users.get(key) ?? 1) - 1;
      if (key !== ownBlock && users > 0) {
        this.users.set(key, users);
        continue;
      }
      this.used -= 1;
      if (key === ownBlock) continue;
      this.users.set(key, 0);
      this.idle.add(key);
    }
  }

  /** How many blocks from the start are known. At least one token is always computed: it gives the first answer. */
  private sharedBlocks(sequence: Sequence): number {
    const most = Math.floor((sequence.knownTokens - 1) / this.blockTokens);
    let shared = 0;
    while (shared < most && this.users.has(this.hashOf(sequence, shared))) shared += 1;
    return shared;
  }

  private share(sequence: Sequence, key: number): void {
    const users = this.users.get(key) ?? 0;
    if (users === 0) {
      this.idle.delete(key);
      this.used += 1;
    }
    this.users.set(key, users + 1);
    sequence.blocks.push(key);
  }

  private takeOwn(sequence: Sequence): void {
    if (this.used + this.idle.size >= this.blocksMax) {
      const [oldest] = this.idle;
      if (oldest !== undefined) {
        this.idle.delete(oldest);
        this.users.delete(oldest);
      }
    }
    this.used += 1;
    sequence.blocks.push(ownBlock);
  }

  /** A block that is full can be found by others from now on. */
  private publish(sequence: Sequence, index: number): boolean {
    if (!this.sharesPrefixes || sequence.blocks[index] !== ownBlock) return false;
    if ((index + 1) * this.blockTokens > sequence.knownTokens) return false;
    const key = this.hashOf(sequence, index);
    if (this.users.has(key)) return false; // Computed by two at once: the second keeps its own.
    this.users.set(key, 1);
    sequence.blocks[index] = key;
    return true;
  }

  private hashOf(sequence: Sequence, index: number): number {
    const { hashes, request } = sequence;
    for (let block = hashes.length; block <= index; block += 1) {
      const before = hashes[block - 1] ?? hashText(`${request.lora ?? ''}\n${request.cacheSalt ?? ''}`);
      hashes.push(hashTokens(before, request.tokens, block * this.blockTokens, (block + 1) * this.blockTokens));
    }
    return hashes[index] ?? 0;
  }
}

function hashText(text: string): number {
  return hashTokens(0, Uint16Array.from(Buffer.from(text)), 0, Buffer.byteLength(text));
}

/** 52 bits, never 0: two FNV-1a of 32 bits with different primes. It must be quick and is no protection. */
function hashTokens(before: number, tokens: Uint16Array, from: number, to: number): number {
  let low = (0x811c9dc5 ^ before) >>> 0;
  let high = (0x9747b28c ^ Math.floor(before / 0x100000)) >>> 0;
  for (let index = from; index < to; index += 1) {
    const token = tokens[index] ?? 0;
    low = Math.imul(low ^ token, 0x01000193);
    high = Math.imul(high ^ token, 0x85ebca6b) ^ (high >>> 13);
  }
  return (high >>> 12) * 0x1_0000_0000 + (low >>> 0) || 1;
}
