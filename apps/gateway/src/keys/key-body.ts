import { z } from 'zod';
import { roles, scopes, type Role } from '../auth/scopes.js';

const roleNames = Object.keys(roles).filter((name): name is Role => Object.hasOwn(roles, name));
/** A line for people: what breaks lines or terminals has no place in it. */
export const nameText = z
  .string()
  .min(1, { error: 'must not be empty' })
  .max(100, { error: 'must have at most 100 characters' })
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, { error: 'must not hold control characters' });

export const limit = z
  .int({ error: 'must be a whole number' })
  .min(1, { error: 'must be at least 1' })
  .max(1_000_000_000, { error: 'must be at most 1000000000' });

export const newKeyBody = z
  .strictObject({
    name: nameText,
    role: z.enum(roleNames, { error: `must be one of ${roleNames.join(', ')}` }).optional(),
    scopes: z
      .array(z.enum(scopes, { error: `must be one of ${scopes.join(', ')}` }))
      .min(1)
      .max(scopes.length)
      .optional(),
    tenant_id: z
      .string()
      .regex(/^[a-z0-9-]{1,63}$/, { error: 'must be 1 to 63 of a-z, 0-9 and -' })
      .optional(),
    expires_at: z.iso
      .datetime({ offset: true, error: 'must be an RFC 3339 time' })
      .refine((text) => Date.parse(text) > Date.now(), { error: 'must lie in the future' })
      .optional(),
    expires_in_days: z.int().min(1).max(3_650).optional(),
    requests_per_minute: limit.optional(),
    events_per_minute: limit.optional(),
  })
  .refine(({ role, scopes: listed }) => role !== undefined || listed !== undefined, {
    error: 'needs a role or scopes',
    path: ['scopes'],
  })
  .refine(({ expires_at: at, expires_in_days: days }) => at === undefined || days === undefined, {
    error: 'must not stand beside expires_at',
    path: ['expires_in_days'],
  });

export type NewKeyBody = z.output<typeof newKeyBody>;
