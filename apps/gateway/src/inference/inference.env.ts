import { wholeNumber } from '@chorda/platform';

const mebibyte = 1024 * 1024;
const dayMs = 86_400_000;

/** Settings of the doors to inference. */
export const inferenceEnv = {
  /** How long a request may take, from door to outcome, whose sender does not say; then it expires. */
  CHORDA_INFERENCE_DEADLINE_MS: wholeNumber(100, 7 * dayMs).default(600_000),
  /** The longest that a sender may ask for. */
  CHORDA_INFERENCE_DEADLINE_MS_MAX: wholeNumber(100, 7 * dayMs).default(dayMs),
  /** Callers of the OpenAI door are told at once where no inference worker was heard of for so long; 0: they wait. */
  CHORDA_INFERENCE_ABSENT_MS: wholeNumber(0, dayMs).default(30_000),
  /** Callers of this gateway that may wait for outcomes at once: all, and those of one tenant. */
  CHORDA_INFERENCE_WAITERS_MAX: wholeNumber(1, 1_000_000).default(10_000),
  CHORDA_INFERENCE_TENANT_WAITERS_MAX: wholeNumber(1, 1_000_000).default(5_000),
  /** How long a caller waits before his outcome is looked up in the database, and how often then. */
  CHORDA_INFERENCE_LOOKUP_MS: wholeNumber(100, 60_000).default(3_000),
  /** Bytes of tokens that are kept for who comes late to the stream of a job. */
  CHORDA_INFERENCE_TOKENS_BYTES_MAX: wholeNumber(0, 16 * 1024 * mebibyte).default(32 * mebibyte),
  /** Bytes that may wait for a client that does not read its stream; past it, the client is dropped. */
  CHORDA_INFERENCE_CLIENT_BYTES_MAX: wholeNumber(1024, 1024 * mebibyte).default(4 * mebibyte),
};
