import type { TopicPartition } from '@chorda/messaging';
import type pg from 'pg';
import {
  appendBlocks,
  entriesOf,
  idAheadMsMax,
  isTimely,
  loadHead,
  loadNewestBlocks,
  type BlockAppend,
  type BlockEntry,
  type IdentityHead,
} from './identity-blocks.js';
import { IdentityTable, type KnownIdentity } from './identity-table.js';

/** Of each of the two generations that a window has; both together take 3 MiB at most. */
const generationEntriesMax = 32_768;

export interface WindowAddition {
  readonly window: IdentityWindow;
  /** In offset order. */
  readonly entries: readonly BlockEntry[];
}

/**
 * The newest identities of one partition, as its owner keeps them: all that its blocks hold from some record on, so that
 * most events are told from repeats without asking the database.
 *
 * - unknown (at first, after `doubt`, and where a transaction that it was told of was not committed): read before use;
 * - known: it holds what the database holds, as far as this transaction sees it.
 *
 * Every append moves the partition's head by compare-and-set, so a window that is not the newest writes nothing and is
 * read anew: whatever another process, a redrive or a restored backup did to the identities is seen.
 */
export class IdentityWindow {
  private older: IdentityTable | undefined;
  private newer = new IdentityTable();
  private head: IdentityHead | undefined;
  /** The latest record time of what was forgotten. */
  private forgottenMs = -Infinity;
  /** The same of the newer generation's predecessors, and of everything. */
  private olderMs = -Infinity;
  private latestMs = -Infinity;

  constructor(
    private readonly place: TopicPartition,
    private readonly entriesMax = generationEntriesMax,
  ) {}

  async ready(tx: pg.ClientBase): Promise<void> {
    if (this.head) return;
    this.older = undefined;
    this.newer = new IdentityTable();
    // The head is locked, so nothing is appended between the two.
    const head = await loadHead(tx, this.place);
    const { blocks, beforeMs } = await loadNewestBlocks(tx, this.place, this.entriesMax);
    this.forgottenMs = this.olderMs = this.latestMs = beforeMs;
    for (const block of blocks.toReversed()) {
      for (const entry of entriesOf(block)) this.keep(block.identities, entry.at, entry);
    }
    this.head = head;
  }

  /** Whether it can be asked without reading it first. */
  get isReady(): boolean {
    return this.head !== undefined;
  }

  /** What it holds may not be what is committed. */
  doubt(): void {
    this.head = undefined;
  }

  find(bytes: Buffer, at: number): KnownIdentity | undefined {
    return this.newer.find(bytes, at) ?? this.older?.find(bytes, at);
  }

  /**
   * Whether an id of that time that is not here is new. What was forgotten was recorded before the window, and no id is
   * ahead of its record's time by more than a clock may be, unless `event_identities` has it.
   */
  isWhole(idTimeMs: number): boolean {
    return idTimeMs > this.forgottenMs + idAheadMsMax && idTimeMs > (this.head?.tableUntilMs ?? Infinity);
  }

  /** What its partition is given to keep; undefined for nothing. */
  private appending(entries: readonly BlockEntry[]): BlockAppend | undefined {
    const { head, place } = this;
    if (!head) throw new TypeError('A window is read before it is added to');
    if (entries.length === 0) return undefined;
    const latestMs = Math.max(this.latestMs, 0);
    const tableUntilMs = entries.reduce(
      (until, entry) => (isTimely(entry) || entry.idTimeMs < entry.timeMs ? until : Math.max(until, entry.idTimeMs)),
      head.tableUntilMs,
    );
    return { place, head, entries, latestMs, tableUntilMs };
  }

  /**
   * Adds to several windows, of which each is ready, in one statement.
   *
   * @returns false when one was not the newest: it is to be read anew. Of one window alone nothing was written then.
   */
  static async append(tx: pg.ClientBase, additions: readonly WindowAddition[]): Promise<boolean> {
    const appends = additions.flatMap(({ window, entries }) => {
      const append = window.appending(entries);
      return append ? [{ window, append }] : [];
    });
    if (appends.length === 0) return true;
    const blocks = await appendBlocks(
      tx,
      appends.map(({ append }) => append),
    );
    for (const [index, { window, append }] of appends.entries()) {
      if (blocks) window.appended(append, blocks[index] ?? 0);
      else window.doubt();
    }
    return blocks !== undefined;
  }

  private appended({ head, entries, tableUntilMs }: BlockAppend, blocks: number): void {
    this.head = { lastBlock: head.lastBlock + BigInt(blocks), tableUntilMs };
    for (const entry of entries) this.keep(entry.bytes, entry.at, entry);
  }

  private keep(bytes: Buffer, at: number, known: KnownIdentity): void {
    this.newer.add(bytes, at, known);
    this.latestMs = Math.max(this.latestMs, known.timeMs);
    if (this.newer.size < this.entriesMax) return;
    if (this.older) this.forgottenMs = this.olderMs;
    const free = this.older?.clear();
    this.older = this.newer;
    this.olderMs = this.latestMs;
    this.newer = free ?? new IdentityTable();
  }
}
