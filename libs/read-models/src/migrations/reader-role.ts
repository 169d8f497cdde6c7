import { BackboneError } from '@chorda/kernel';
import pg from 'pg';

/** The role that every read drops to. Roles belong to the server, so databases that share one share it too. */
export const readerRole = 'chorda_reader';

export class ReaderRoleError extends BackboneError {
  readonly code = 'READER_ROLE_UNUSABLE';
  readonly retriable = false;
}

/**
 * Makes the reader role where it is missing and makes sure that this user may drop to it. The advisory lock of a
 * migration holds for one database, so two databases of one server may get here at the same time: losing that race is
 * as good as winning it.
 *
 * @throws {@link ReaderRoleError} saying which statement an administrator has to run.
 */
export async function prepareReaderRole(client: pg.Client): Promise<void> {
  if (!(await readerRoleExists(client))) {
    await asAdministrator(client, `CREATE ROLE ${readerRole} NOLOGIN NOINHERIT`, ['42710', '23505']);
  }
  const { rows } = await client.query<{ unsafe: boolean; usable: boolean; me: string }>(
    `SELECT rolsuper OR rolbypassrls AS unsafe, pg_has_role(current_user, rolname, 'SET') AS usable,
       quote_ident(current_user) AS me
     FROM pg_roles WHERE rolname = $1`,
    [readerRole],
  );
  const role = rows[0];
  if (role?.unsafe) throw new ReaderRoleError(`Role ${readerRole} bypasses row-level security; it must not`);
  if (!role?.usable) {
    await asAdministrator(client, `GRANT ${readerRole} TO ${role?.me ?? 'CURRENT_USER'} WITH SET TRUE`, ['23505']);
  }
}

async function readerRoleExists(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [readerRole]);
  return rowCount === 1;
}

async function asAdministrator(client: pg.Client, statement: string, lostRaces: readonly string[]): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code !== undefined && lostRaces.includes(error.code)) return;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ReaderRoleError(`An administrator of Postgres has to run: ${statement} (${reason})`, { cause: error });
  }
}
