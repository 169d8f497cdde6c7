import { allows, type Credential, type Scope } from '../auth/scopes.js';

interface Watched {
  readonly token: string;
  readonly scope: Scope;
  readonly tenantId: string;
  readonly leaving: Set<() => void>;
}

/** Looks a token up again. Undefined: it is no longer good. */
export type Recheck = (token: string) => Promise<Credential | undefined>;

/**
 * Asks again, for as long as somebody is connected, whether his token still stands: one look-up a token and round,
 * however many are connected with it. While keys cannot be looked up nobody is sent away; nobody can revoke one then
 * either.
 */
export class CredentialWatch {
  private readonly watched = new Map<string, Watched>();
  private readonly timer: NodeJS.Timeout;
  private isAsking = false;

  constructor(
    private readonly recheck: Recheck,
    intervalMs: number,
  ) {
    this.timer = setInterval(() => void this.round(), intervalMs).unref();
  }

  /** Calls `leave` once the token is revoked, has expired or lost the scope. @returns Ends the watch. */
  watch(token: string, { tenantId }: Credential, scope: Scope, leave: () => void): () => void {
    const key = `${scope} ${tenantId} ${token}`;
    let entry = this.watched.get(key);
    if (entry === undefined) {
      entry = { token, scope, tenantId, leaving: new Set() };
      this.watched.set(key, entry);
    }
    const own = entry;
    own.leaving.add(leave);
    return () => {
      own.leaving.delete(leave);
      if (own.leaving.size === 0 && this.watched.get(key) === own) this.watched.delete(key);
    };
  }

  close(): void {
    clearInterval(this.timer);
    this.watched.clear();
  }

  private async round(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      for (const entry of [...this.watched.values()]) if (!(await this.stands(entry))) leaveAll(entry);
    } finally {
      this.isAsking = false;
    }
  }

  private async stands({ token, scope, tenantId }: Watched): Promise<boolean> {
    try {
      const credential = await this.recheck(token);
      return credential !== undefined && credential.tenantId === tenantId && allows(credential, scope);
    } catch {
      return true;
    }
  }
}

function leaveAll({ leaving }: Watched): void {
  for (const leave of [...leaving]) leave();
}
