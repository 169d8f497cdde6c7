import type { TenantId } from '@chorda/kernel';
import { z } from 'zod';
import { ToolRefusedError } from '../tool-errors.js';

/** A database that agents may ask, under a name of the operator's. */
export const databaseSchema = z.strictObject({
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//, { error: 'must be a URL that begins with postgres:// or postgresql://' }),
  tenants: z.array(z.string()).min(1).default(['default']),
  /** Whether `database_execute` may change it. */
  writable: z.boolean().default(false),
});

export type DatabaseConnection = z.infer<typeof databaseSchema>;
export type DatabaseConnections = Readonly<Record<string, DatabaseConnection>>;

/** @throws ToolRefusedError where the tenant has no such connection; whether another has one is not told. */
export function connectionOf(connections: DatabaseConnections, name: string, tenantId: TenantId): DatabaseConnection {
  const connection = Object.hasOwn(connections, name) ? connections[name] : undefined;
  if (connection?.tenants.includes(tenantId)) return connection;
  throw new ToolRefusedError('CONNECTION_UNKNOWN', `there is no database connection named ${name}`);
}
