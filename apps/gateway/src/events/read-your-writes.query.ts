import { decodePosition } from '@chorda/contracts';
import { InvalidInputError } from '@chorda/kernel';
import { z } from 'zod';

/** How long a request may wait for projections, milliseconds. */
export const waitMsMax = 30_000;

/** A whole number in a query; anything else is refused, never read as far as it goes. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, { error: `must be a whole number from ${min} to ${max}` })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: `must be a whole number from ${min} to ${max}` });

export const waitMs = wholeNumber(0, waitMsMax).default(5_000);

export const projectionList = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}(?:,[a-z][a-z0-9_]{0,62}){0,31}$/, {
    error: 'must be names of projections, separated by commas',
  })
  .transform((text) => text.split(','));

/** Positions of one request: the answers of a client that sent more than fits into one batch. */
const positionsMax = 64;
const positionText = z.string().min(1).max(16_384).refine(isPosition);

/** Whether Chorda may have answered a write with it. Asked at the door, so that a refusal names the parameter. */
export function isPosition(text: string): boolean {
  try {
    decodePosition(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidInputError) return false;
    throw error;
  }
}

/** `min_position` may come several times: the read has then passed all of them. */
export const positionList = z
  .union([positionText.transform((position) => [position]), z.array(positionText).max(positionsMax)], {
    error: `must be positions that writes answered with, at most ${positionsMax}`,
  })
  .transform((positions) => positions as readonly string[]);
