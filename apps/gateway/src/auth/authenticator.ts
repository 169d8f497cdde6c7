import { hash } from 'node:crypto';
import type { Clock } from '@chorda/kernel';
import type { Credential } from './scopes.js';

/** Finds out whose a key or token is; undefined: nobody's that is let in. */
export type KeyLookup = (token: string) => Promise<Credential | undefined>;

/** From this age on an answer is asked for anew, beside the requests that still go by it. */
const freshMs = 400;
/** A revoked key must be refused after a second at the latest. Past this age requests wait for the new answer. */
const usableMs = 900;
const entriesMax = 10_000;

/** What was found out by a look-up that began at `sinceMs`. */
interface Entry {
  readonly asked: Promise<Credential | undefined>;
  readonly sinceMs: number;
  /** Once it was answered. */
  known: Credential | undefined;
  isRenewed: boolean;
}

/**
 * Remembers look-ups, so that a busy key costs two queries a second and not one a request. Requests with the same key
 * share the look-up in flight; none waits for one while the last answer may still be gone by, since a database that takes
 * 50 ms twice a second was the slowest hundredth of all requests. Bounded: the oldest entries leave first.
 */
export class Authenticator {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly lookup: KeyLookup,
    private readonly clock: Clock,
  ) {}

  /** Whose it is, where that is known without waiting. */
  remembered(token: string): Credential | undefined {
    const key = keyOf(token);
    const entry = this.entries.get(key);
    if (entry?.known === undefined) return undefined;
    const nowMs = this.clock.nowMs();
    const ageMs = nowMs - entry.sinceMs;
    if (ageMs >= usableMs || (entry.known.expiresAtMs ?? Infinity) <= nowMs) return undefined;
    if (ageMs >= freshMs) this.renew(key, token, entry);
    return entry.known;
  }

  async credentialOf(token: string): Promise<Credential | undefined> {
    const remembered = this.remembered(token);
    if (remembered !== undefined) return remembered;
    const key = keyOf(token);
    const entry = this.entries.get(key);
    // Nobody's a moment ago may be somebody's now: a key is used as soon as it was made.
    const isUsable = entry !== undefined && this.clock.nowMs() - entry.sinceMs < freshMs;
    const found = await (isUsable ? entry : this.ask(key, token)).asked;
    const endsAtMs = found?.expiresAtMs ?? Infinity;
    return endsAtMs <= this.clock.nowMs() ? undefined : found;
  }

  private ask(key: string, token: string): Entry {
    const entry: Entry = {
      asked: this.lookup(token),
      sinceMs: this.clock.nowMs(),
      known: undefined,
      isRenewed: false,
    };
    this.remember(key, entry);
    entry.asked.then(
      (found) => (entry.known = found),
      // A failed look-up says nothing about the key: the next request asks again.
      () => this.entries.get(key) === entry && this.entries.delete(key),
    );
    return entry;
  }

  /** The old answer stands until the new one is there, or is too old. */
  private renew(key: string, token: string, old: Entry): void {
    if (old.isRenewed) return;
    old.isRenewed = true;
    const sinceMs = this.clock.nowMs();
    const asked = this.lookup(token);
    asked.then(
      (known) => {
        if (this.entries.get(key) === old) this.remember(key, { asked, sinceMs, known, isRenewed: false });
      },
      () => (old.isRenewed = false),
    );
  }

  private remember(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size <= entriesMax) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}

/** Never the token itself: what is in memory for long is in core dumps and heap snapshots. */
function keyOf(token: string): string {
  return hash('sha256', token, 'base64');
}
