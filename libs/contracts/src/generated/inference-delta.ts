// libs/contracts/src/generated/inference-delta.ts: written by `npm run contracts:generate`, never by hand.
import type { Delta, JsonText } from '../event.js';
import type { RequestId } from './ids.js';

/** Part of an answer as it came from a model. Good for showing at once; what counts is the outcome. */
export type TokensGenerated = Delta<
  'inference.tokens_generated',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** Counts the attempts at the request, from 1. A higher one than before voids whatever came of the lower ones. */
    readonly attempt: number;
    /** Counts the records of the attempt without gaps, from 0. */
    readonly sequence: number;
    /** This attempt and all before it are void: what they sent is no part of the answer. */
    readonly voided_attempt: number | null;
    /** Chunks of the stream in order, each an object as the OpenAI API streams it, the one with usage included. Personal data. */
    readonly chunks: readonly JsonText[];
    /** Whether this is the last record of the attempt. It says nothing of the outcome: an attempt may end because it was abandoned. */
    readonly end: boolean;
  }
>;

/** Every delta of area inference. */
export type InferenceDelta =
  | TokensGenerated;
