import { BackboneError } from '@chorda/kernel';

/** Nothing lies there: it was never kept by this tenant, or whoever tends the store has lost it. */
export class PayloadMissingError extends BackboneError {
  readonly code = 'PAYLOAD_NOT_FOUND';
  readonly retriable = false;

  constructor(sha256: string) {
    super(`There is no payload ${sha256}: it was never kept here, or the store has lost it`);
  }
}

/** What lies there is not what was kept. */
export class PayloadChangedError extends BackboneError {
  readonly code = 'PAYLOAD_CHANGED';
  readonly retriable = false;

  constructor(sha256: string, found: string) {
    super(`Payload ${sha256} is not what was kept: ${found}. Put it back from a backup of the store`);
  }
}

export class PayloadTooLargeError extends BackboneError {
  readonly code = 'PAYLOAD_TOO_LARGE';
  readonly retriable = false;

  constructor(bytes: number, bytesMax: number) {
    super(`The value has ${bytes} bytes; at most ${bytesMax} are kept`);
  }
}

/** Where payloads are kept cannot be reached. */
export class StoreAwayError extends BackboneError {
  readonly code = 'PAYLOADS_AWAY';
  readonly retriable = true;

  constructor(folder: string) {
    super(`The folder of payloads, ${folder}, is not there any more: is its disk mounted?`);
  }
}
