import type { JsonText } from '@chorda/contracts';
import { asPayloadRef, inlineBytesMax, type PayloadRef, type TenantId } from '@chorda/kernel';
import { PayloadChangedError, PayloadMissingError, type PayloadStore } from '@chorda/platform';
import { Problem } from '../http/problem.js';

/** A reference has less; whatever is longer need not be looked into. */
const referenceCharactersMax = 300;

/** Keeps what is too large for the log, and gives it back to its tenant. */
export class PayloadDesk {
  /** @param store Undefined: nothing is kept by reference, and the bounds of what it goes into hold. */
  constructor(private readonly store: PayloadStore | undefined) {}

  /**
   * A reference to the text where it is large. One that its sender made must be to what is kept here.
   *
   * @throws {@link Problem} `INVALID_COMMAND` naming the field.
   */
  async taken(tenant: TenantId, field: string, text: JsonText): Promise<JsonText> {
    const ref = text.length < referenceCharactersMax ? asPayloadRef(JSON.parse(text)) : undefined;
    if (ref !== undefined) await this.require(tenant, field, ref);
    const isSmall = this.store === undefined || Buffer.byteLength(text) <= inlineBytesMax;
    return isSmall ? text : ((await this.store.small(tenant, text)) as JsonText);
  }

  /** @throws {@link Problem} `PAYLOAD_NOT_FOUND` or `PAYLOAD_CHANGED`. */
  async read(tenant: TenantId, sha256: string): Promise<Buffer> {
    try {
      if (this.store === undefined) throw new PayloadMissingError(sha256.slice(0, 64));
      return await this.store.read(tenant, sha256);
    } catch (error) {
      if (error instanceof PayloadMissingError) throw new Problem('PAYLOAD_NOT_FOUND', error.message);
      if (error instanceof PayloadChangedError) throw new Problem('PAYLOAD_CHANGED', error.message);
      throw error;
    }
  }

  private async require(tenant: TenantId, field: string, ref: PayloadRef): Promise<void> {
    if (await this.store?.has(tenant, ref)) return;
    const detail = `refers to a payload of ${ref.length} bytes that is not kept here`;
    throw new Problem('INVALID_COMMAND', `/${field} ${detail}`, { issues: [{ pointer: `/${field}`, detail }] });
  }
}
