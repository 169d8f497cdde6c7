import { BackboneError, type JsonValue, type TenantId } from '@chorda/kernel';
import type { DecisionMetrics } from '../metrics.js';
import { payloadKey, type TurnPayloads, type WantedPayload } from '../turn/turn-payloads.js';

/** Where values lie that commands and events refer to. */
export interface PayloadStoreReader {
  /**
   * The JSON text as it was kept.
   *
   * @throws BackboneError that is not retriable where it is not there or was changed; anything else says that the store is
   * away.
   */
  read(tenantId: TenantId, sha256: string): Promise<Buffer>;
}

/** Of JSON text: what one value may have, what one turn has at hand, and what is kept for the turns after it. */
export const payloadBounds = {
  valueBytesMax: 8 * 1024 * 1024,
  turnBytesMax: 16 * 1024 * 1024,
  keptBytesMax: 32 * 1024 * 1024,
} as const;

export class PayloadNotReadError extends BackboneError {
  readonly code = 'PAYLOAD_NOT_READ';
  readonly retriable = false;
}

interface Loaded {
  readonly value: JsonValue;
  readonly bytes: number;
}

/** Values by reference that rules read: those used last are kept, for all partitions of an engine. */
export class Payloads {
  private readonly kept = new Map<string, Loaded>();
  private keptBytes = 0;

  constructor(
    private readonly store: PayloadStoreReader,
    private readonly count: (result: 'memory' | 'read' | 'failed' | 'too_large') => void,
  ) {}

  static of(store: PayloadStoreReader | undefined, kind: string, metrics: DecisionMetrics): Payloads | undefined {
    return store && new Payloads(store, (result) => metrics.payloads.inc({ kind, result }));
  }

  ofTurn(): LoadedPayloads {
    return new LoadedPayloads(this);
  }

  /** @throws why it cannot be had; see {@link PayloadStoreReader}. */
  async load(wanted: WantedPayload): Promise<Loaded> {
    const key = payloadKey(wanted);
    const known = this.kept.get(key);
    if (known !== undefined) {
      // The order of a map is that of setting: what is used moves to its end.
      this.kept.delete(key);
      this.kept.set(key, known);
      this.count('memory');
      return known;
    }
    const { sha256, length } = wanted.ref;
    if (length > payloadBounds.valueBytesMax) throw this.tooLarge(sha256, length);
    const bytes = await this.read(wanted);
    // Whoever wrote the reference may have said less, past the bounds of all that is read together.
    if (bytes.length !== length) {
      this.count('failed');
      throw new PayloadNotReadError(`Payload ${sha256} has ${bytes.length} bytes, and not ${length}`);
    }
    const loaded = { value: this.parsed(sha256, bytes), bytes: bytes.length };
    this.count('read');
    this.keep(key, loaded);
    return loaded;
  }

  private async read({ tenantId, ref }: WantedPayload): Promise<Buffer> {
    try {
      return await this.store.read(tenantId, ref.sha256);
    } catch (error) {
      this.count('failed');
      throw error;
    }
  }

  private parsed(sha256: string, bytes: Buffer): JsonValue {
    try {
      const value: JsonValue = JSON.parse(bytes.toString('utf8'));
      return value;
    } catch {
      this.count('failed');
      throw new PayloadNotReadError(`Payload ${sha256} is no JSON`);
    }
  }

  private tooLarge(sha256: string, bytes: number): PayloadNotReadError {
    this.count('too_large');
    const { valueBytesMax } = payloadBounds;
    return new PayloadNotReadError(
      `Payload ${sha256} has ${bytes} bytes; at most ${valueBytesMax} are read by rules. Hand it on by a path alone`,
    );
  }

  private keep(key: string, loaded: Loaded): void {
    // Two partitions that miss it at once both bring it.
    this.keptBytes -= this.kept.get(key)?.bytes ?? 0;
    this.kept.delete(key);
    this.kept.set(key, loaded);
    this.keptBytes += loaded.bytes;
    for (const [oldest, { bytes }] of this.kept) {
      if (this.keptBytes <= payloadBounds.keptBytesMax) return;
      this.kept.delete(oldest);
      this.keptBytes -= bytes;
    }
  }
}

/** Those of one turn. */
export class LoadedPayloads implements TurnPayloads {
  private readonly values = new Map<string, { readonly value: JsonValue } | { readonly error: Error }>();
  private bytes = 0;

  constructor(private readonly payloads: Payloads) {}

  get(key: string) {
    return this.values.get(key);
  }

  /** @returns False where the turn would have too much at hand: with fewer commands it needs less. */
  async load(wanted: readonly WantedPayload[]): Promise<boolean> {
    for (const each of wanted) {
      if (!(await this.loadOne(each))) return false;
    }
    return true;
  }

  /** Of a command that is decided alone: it needs more than it may have. */
  refuse(wanted: readonly WantedPayload[]): void {
    for (const each of wanted) {
      const key = payloadKey(each);
      if (this.values.has(key)) continue;
      const detail = `All values that one command reads by reference may have ${payloadBounds.turnBytesMax} bytes`;
      this.values.set(key, { error: new PayloadNotReadError(detail) });
    }
  }

  private async loadOne(wanted: WantedPayload): Promise<boolean> {
    const key = payloadKey(wanted);
    if (this.bytes + Math.min(wanted.ref.length, payloadBounds.valueBytesMax) > payloadBounds.turnBytesMax)
      return false;
    try {
      const { value, bytes } = await this.payloads.load(wanted);
      this.bytes += bytes;
      this.values.set(key, { value });
    } catch (error) {
      // A store that is away is no command's fault: the turn is made anew when it is back.
      if (!(error instanceof BackboneError) || error.retriable) throw error;
      this.values.set(key, { error });
    }
    return true;
  }
}
