import type pg from 'pg';

/** A plan costs the server some 100 KiB where a table has many partitions. */
const statementsMax = 64;
/** A plan is of the tables as they were: one made while a table was empty reads it whole. So none gets older. */
const ageMsMax = 10_000;

export interface PreparedStatement {
  readonly name: string;
  /** Has to be sent to the server before it is used. */
  readonly isNew: boolean;
  /** Names that the server may forget. */
  readonly closed: readonly string[];
}

const byClient = new WeakMap<pg.PoolClient, PreparedStatements>();

/** Those of this connection. */
export function preparedOf(client: pg.PoolClient): PreparedStatements {
  const known = byClient.get(client);
  if (known !== undefined) return known;
  const made = new PreparedStatements();
  byClient.set(client, made);
  return made;
}

/** What one connection has prepared, by text: the least lately used goes first. */
export class PreparedStatements {
  private readonly known = new Map<string, { readonly name: string; readonly sinceMs: number }>();
  private closed: string[] = [];
  private made = 0;

  take(text: string): PreparedStatement {
    const nowMs = performance.now();
    const found = this.known.get(text);
    this.known.delete(text);
    if (found !== undefined && nowMs - found.sinceMs <= ageMsMax) {
      this.known.set(text, found);
      return { name: found.name, isNew: false, closed: this.takeClosed() };
    }
    if (found !== undefined) this.closed.push(found.name);
    const [oldest] = this.known;
    if (this.known.size >= statementsMax && oldest !== undefined) {
      this.known.delete(oldest[0]);
      this.closed.push(oldest[1].name);
    }
    const name = `chorda_${this.made++}`;
    this.known.set(text, { name, sinceMs: nowMs });
    return { name, isNew: true, closed: this.takeClosed() };
  }

  /** After an error nobody knows which were made; the server takes it well to be told to forget what it has not. */
  forgetAll(): void {
    for (const { name } of this.known.values()) this.closed.push(name);
    this.known.clear();
  }

  private takeClosed(): readonly string[] {
    const { closed } = this;
    this.closed = [];
    return closed;
  }
}
