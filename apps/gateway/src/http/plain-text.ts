import { z } from 'zod';

/** Text for a statement that callers share: Postgres refuses U+0000, and with it the statement of all of them. */
export const plainText = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .regex(/^[^\0]*$/, { error: 'must not hold the character U+0000' });
