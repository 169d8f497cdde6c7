import { createHash } from 'node:crypto';
import { asPayloadRef, inlineBytesMax, isSha256, payloadRef, type PayloadRef, type TenantId } from '@chorda/kernel';
import { Counter, type Registry } from 'prom-client';
import { isPlanted } from '../process/planted-bug.js';
import type { ObjectStore } from './object-store.js';
import { PayloadChangedError, PayloadMissingError, PayloadTooLargeError } from './payload-errors.js';

/** Of JSON text: what an agent may be given or give at most. */
export const payloadBytesMax = 50 * 1024 * 1024;

/**
 * JSON texts that are too large for a record, by tenant and by the SHA-256 of their bytes: a tenant finds its own alone,
 * the same text is kept once, and whoever reads one knows that it is what was kept.
 */
export class PayloadStore {
  private readonly metrics;

  constructor(
    private readonly objects: ObjectStore,
    registry: Registry,
  ) {
    this.metrics = metricsOf(registry);
  }

  /** @throws {@link PayloadTooLargeError} past 50 MiB. */
  async keep(tenant: TenantId, text: string): Promise<PayloadRef> {
    const bytes = Buffer.from(text);
    if (bytes.length > payloadBytesMax) {
      this.metrics.payloads.inc({ result: 'too_large' });
      throw new PayloadTooLargeError(bytes.length, payloadBytesMax);
    }
    const sha256 = sha256Of(bytes);
    const kept = this.objects.put(keyOf(tenant, sha256), bytes);
    if (!isPlanted('payloads-reference-first')) await kept;
    this.metrics.payloads.inc({ result: 'kept' });
    this.metrics.bytes.inc({ direction: 'in' }, bytes.length);
    return payloadRef(sha256, bytes.length);
  }

  /**
   * The text as it was kept.
   *
   * @throws {@link PayloadMissingError} or {@link PayloadChangedError}.
   */
  async read(tenant: TenantId, sha256: string): Promise<Buffer> {
    const bytes = isSha256(sha256) ? await this.objects.get(keyOf(tenant, sha256), payloadBytesMax + 1) : undefined;
    if (bytes === undefined) {
      this.metrics.payloads.inc({ result: 'missing' });
      throw new PayloadMissingError(sha256);
    }
    const found = sha256Of(bytes);
    if (found !== sha256) {
      this.metrics.payloads.inc({ result: 'changed' });
      throw new PayloadChangedError(sha256, `its ${bytes.length} bytes have the SHA-256 ${found}`);
    }
    this.metrics.payloads.inc({ result: 'read' });
    this.metrics.bytes.inc({ direction: 'out' }, bytes.length);
    return bytes;
  }

  /** Whether the tenant has what a reference names, of that length. */
  async has(tenant: TenantId, { sha256, length }: PayloadRef): Promise<boolean> {
    return (await this.objects.sizeOf(keyOf(tenant, sha256))) === length;
  }

  /** The text itself where it is small, else that of a reference to it, which is now kept. */
  async small(tenant: TenantId, text: string): Promise<string> {
    if (Buffer.byteLength(text) <= inlineBytesMax) return text;
    return JSON.stringify(await this.keep(tenant, text));
  }

  /** What a text refers to, where it is a reference. @throws as `read` */
  async whole(tenant: TenantId, text: string): Promise<string> {
    const ref = text.length < 300 ? asPayloadRef(JSON.parse(text)) : undefined;
    return ref === undefined ? text : (await this.read(tenant, ref.sha256)).toString('utf8');
  }

  /** Looks at everything that is kept. @returns What is damaged, by tenant and name. */
  async check(): Promise<PayloadReport> {
    let count = 0;
    let bytes = 0;
    const damaged: string[] = [];
    for await (const key of this.objects.keys()) {
      const text = await this.objects.get(key, payloadBytesMax + 1);
      if (text === undefined) continue;
      count++;
      bytes += text.length;
      if (!key.endsWith(`/${sha256Of(text)}`)) damaged.push(key);
    }
    return { count, bytes, damaged };
  }
}

export interface PayloadReport {
  readonly count: number;
  readonly bytes: number;
  readonly damaged: readonly string[];
}

/** Two digits of the name between: a folder with a million files is slow to list. */
function keyOf(tenant: TenantId, sha256: string): string {
  return `${tenant}/${sha256.slice(0, 2)}/${sha256}`;
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const names = { payloads: 'chorda_payloads_total', bytes: 'chorda_payload_bytes_total' } as const;

/** Apps that share a process share its registry. */
function metricsOf(registry: Registry) {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> => {
    const known = registry.getSingleMetric(name);
    return known instanceof Counter
      ? known
      : new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
  };
  return {
    payloads: counter(names.payloads, 'Values by reference that were kept, read, or could not be', ['result']),
    bytes: counter(names.bytes, 'Bytes of values that were kept and read by reference', ['direction']),
  };
}
