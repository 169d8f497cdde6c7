import { jsonValue, type JsonText } from '@chorda/contracts';
import { ReferredTooLargeError, wholeOf } from '@chorda/domain';
import type { JsonValue, PayloadRef, TenantId } from '@chorda/kernel';
import { Problem } from '../http/problem.js';
import type { PayloadDesk } from '../payloads/payload-desk.js';

/** What one poll is given of values that are kept by reference; its first step is given however much it may have. */
export const openedBytesMax = 16 * 1024 * 1024;

export type OpenedInput =
  | { readonly input: JsonValue; readonly bytes: number }
  /** It is gone, or is not what was kept: no worker will ever be given it. */
  | { readonly failure: { readonly code: string; readonly message: string } };

/**
 * The input of a step as its worker gets it: whole. One that refers to more than may be read at a time stays as it is, and
 * its worker reads the references by itself.
 *
 * @throws where the store is away.
 */
export async function openedInput(desk: PayloadDesk, tenantId: TenantId, text: JsonText): Promise<OpenedInput> {
  const input = jsonValue(text);
  // A reference has this member: most inputs have none, and are not looked through.
  if (!text.includes('"sha256"')) return { input, bytes: 0 };
  let bytes = 0;
  const read = async ({ sha256, length }: PayloadRef): Promise<JsonValue> => {
    const found = await desk.read(tenantId, sha256);
    // Whoever wrote the reference may have said less, past the bound.
    if (found.length !== length) {
      throw new Problem('PAYLOAD_CHANGED', `Payload ${sha256} has ${found.length} bytes, and not ${length}`);
    }
    bytes += found.length;
    return jsonValue(found.toString('utf8') as JsonText);
  };
  try {
    return { input: await wholeOf(input, read), bytes };
  } catch (error) {
    if (error instanceof ReferredTooLargeError) return { input, bytes: 0 };
    if (error instanceof Problem && (error.code === 'PAYLOAD_NOT_FOUND' || error.code === 'PAYLOAD_CHANGED')) {
      return { failure: { code: error.code, message: error.message } };
    }
    throw error;
  }
}
