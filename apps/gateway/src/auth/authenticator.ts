import { createHash } from 'node:crypto';
import type { Clock } from '@chorda/kernel';
import type { Credential } from './scopes.js';

/** Finds out whose a key or token is; undefined: nobody's that is let in. */
export type KeyLookup = (token: string) => Promise<Credential | undefined>;

/** A revoked key must be refused after a second at the latest; half of that leaves room for the look-up itself. */
const freshMs = 500;
const entriesMax = 10_000;

interface Entry {
  readonly credential: Promise<Credential | undefined>;
  readonly untilMs: number;
}

/**
 * Remembers look-ups for half a second, so that a busy key costs two queries a second and not one a request. Requests
 * with the same key share the look-up in flight. Bounded: the oldest entries leave first.
 */
export class Authenticator {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly lookup: KeyLookup,
    private readonly clock: Clock,
  ) {}

  credentialOf(token: string): Promise<Credential | undefined> {
    // Never the token itself: what is in memory for long is in core dumps and heap snapshots.
    const key = createHash('sha256').update(token).digest('base64');
    const nowMs = this.clock.nowMs();
    const known = this.entries.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.credential.then((found) => this.stillGood(found));
    const credential = this.lookup(token);
    this.entries.delete(key);
    this.entries.set(key, { credential, untilMs: nowMs + freshMs });
    // A failed look-up says nothing about the key: the next request asks again.
    credential.catch(() => {
      if (this.entries.get(key)?.credential === credential) this.entries.delete(key);
    });
    if (this.entries.size > entriesMax) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    return credential;
  }

  private stillGood(credential: Credential | undefined): Credential | undefined {
    const endsAtMs = credential?.expiresAtMs ?? Infinity;
    return endsAtMs <= this.clock.nowMs() ? undefined : credential;
  }
}
