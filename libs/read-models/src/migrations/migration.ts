/** One step of the database's history. Once released it never changes; `checksum` of its statements guards that. */
export interface Migration {
  /** Sorts the history: `0001`, `0002`, … */
  readonly id: string;
  readonly name: string;
  /** Run in one transaction, in order. */
  readonly statements: readonly string[];
}
