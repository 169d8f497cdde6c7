import { wholeNumber } from '@chorda/platform';

const mebibyte = 1024 * 1024;

/** What the gateway reads from its environment for writes. */
export const ingestEnv = {
  /** Bytes of requests that may wait for the brokers at once; past it new ones are answered 503. */
  CHORDA_INGEST_BYTES_IN_FLIGHT_MAX: wholeNumber(mebibyte, 64 * 1024 * mebibyte).default(64 * mebibyte),
  /** Requests that may wait for the brokers at once. */
  CHORDA_INGEST_REQUESTS_IN_FLIGHT_MAX: wholeNumber(1, 1_000_000).default(2000),
  /** While an append waits longer for the brokers, new requests are answered 503. */
  CHORDA_INGEST_LATENCY_MS_MAX: wholeNumber(10, 60_000).default(3_000),
  /** How long an append may wait for the brokers; after it the answer is "unknown". */
  CHORDA_INGEST_DELIVERY_TIMEOUT_MS: wholeNumber(1_000, 120_000).default(10_000),
  /** Bytes of one request, inflated, and events in it. */
  CHORDA_INGEST_REQUEST_BYTES_MAX: wholeNumber(64 * 1024, 256 * mebibyte).default(10 * mebibyte),
  CHORDA_INGEST_REQUEST_EVENTS_MAX: wholeNumber(1, 100_000).default(10_000),
  /** From the first byte of a request to its last. */
  CHORDA_HTTP_REQUEST_TIMEOUT_MS: wholeNumber(100, 3_600_000).default(60_000),
  /** How long the answer to an Idempotency-Key is kept, and how many are at once. */
  CHORDA_IDEMPOTENCY_HOURS: wholeNumber(24, 24 * 366).default(24),
  CHORDA_IDEMPOTENCY_ANSWERS_MAX: wholeNumber(1_000, 1_000_000_000).default(20_000_000),
  /** How long a repeat waits for a gateway that died with its request in hand. */
  CHORDA_IDEMPOTENCY_LEASE_MS: wholeNumber(1_000, 600_000).default(15_000),
};
