/** Where large values lie. A key is one or more names of `[a-z0-9-]`, with slashes between. */
export interface ObjectStore {
  /** Kept when this resolves, whole or not at all; the same key again has the same bytes. */
  put(key: string, bytes: Buffer): Promise<void>;
  /** Undefined: there is none. At most `bytesMax` bytes are read of one that is larger. */
  get(key: string, bytesMax: number): Promise<Buffer | undefined>;
  /** In bytes. Undefined: there is none. */
  sizeOf(key: string): Promise<number | undefined>;
  /** All keys, in no order. */
  keys(): AsyncIterable<string>;
}
