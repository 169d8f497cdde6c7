import type { JsonValue, PayloadRef, TenantId } from '@chorda/kernel';

/** A value that is kept by reference, of a tenant. */
export interface WantedPayload {
  readonly tenantId: TenantId;
  readonly ref: PayloadRef;
}

/** Leaves the turn, which is decided anew when the value is there. */
export class PayloadNotLoaded extends Error {
  constructor(readonly wanted: WantedPayload) {
    super('Not loaded');
  }
}

/** Values that a turn has at hand, or why one cannot be had. */
export interface TurnPayloads {
  get(key: string): { readonly value: JsonValue } | { readonly error: Error } | undefined;
}

export function payloadKey({ tenantId, ref }: WantedPayload): string {
  return `${tenantId}/${ref.sha256}/${ref.length}`;
}

/** @throws {@link PayloadNotLoaded}, or why it cannot be had. */
export function payloadIn(payloads: TurnPayloads, wanted: WantedPayload): JsonValue {
  const found = payloads.get(payloadKey(wanted));
  if (found === undefined) throw new PayloadNotLoaded(wanted);
  if ('error' in found) throw found.error;
  return found.value;
}
