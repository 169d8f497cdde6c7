import type { Clock } from '@chorda/kernel';
import { isPlanted } from '@chorda/platform';
import type { Credential } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import { LeasedWindow, type WindowStanding } from './leased-window.js';
import type { Window, WindowStore } from './window.js';

/** Limits for whom none of their own is set; 0: none. */
export interface DefaultLimits {
  readonly keyRequestsPerMinute: number;
  readonly tenantRequestsPerMinute: number;
  readonly tenantEventsPerMinute: number;
  readonly tenantEventsPerDay: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const leasesMax = 10_000;

interface Claimed {
  readonly key: string;
  readonly window: Window;
}

/** Requests and events that a key and its tenant may send. */
export class RateLimits {
  private readonly leases = new Map<string, LeasedWindow>();

  /** @param onRefused Told the name of the window that had nothing left. */
  constructor(
    private readonly defaults: DefaultLimits,
    private readonly store: WindowStore,
    private readonly clock: Clock,
    private readonly onRefused: (window: string) => void,
  ) {}

  /**
   * One request.
   *
   * @returns Headers for the answer; undefined where nothing is limited.
   * @throws {@link Problem} `RATE_LIMITED` with `Retry-After`.
   */
  admitRequest(credential: Credential): Promise<Readonly<Record<string, string>>> | undefined {
    const windows = isPlanted('no-request-limit') ? [] : this.requestWindows(credential);
    return windows.length === 0 ? undefined : this.takeRequest(windows);
  }

  private async takeRequest(windows: readonly Claimed[]): Promise<Readonly<Record<string, string>>> {
    const standings: WindowStanding[] = [];
    for (const claimed of windows) standings.push(await this.leaseOf(claimed).take());
    return this.admit(standings);
  }

  /**
   * Events of a request that passed its checks, before any of them is sent.
   *
   * @throws {@link Problem} `RATE_LIMITED`, or `QUOTA_EXCEEDED` for the day's, with `Retry-After`.
   */
  admitEvents(credential: Credential, count: number): Promise<void> | undefined {
    const windows = this.eventWindows(credential);
    // Most deployments set none, and then a request does not wait for nothing.
    return windows.length === 0 || count === 0 ? undefined : this.takeEvents(windows, count);
  }

  private async takeEvents(windows: readonly Claimed[], count: number): Promise<void> {
    const standings: WindowStanding[] = [];
    for (const claimed of windows) {
      const lease = this.leaseOf(claimed);
      const standing = count === 1 ? await lease.take() : await lease.takeWhole(count);
      standings.push(standing);
      if (!standing.admitted) break;
    }
    this.admit(standings);
  }

  private requestWindows({ keyId, tenantId, limits }: Credential): readonly Claimed[] {
    const ofKey = limits.requestsPerMinute ?? this.defaults.keyRequestsPerMinute;
    const ofTenant = limits.tenant.requestsPerMinute ?? this.defaults.tenantRequestsPerMinute;
    return [
      ...windowOf('key-requests', ofKey, minuteMs, `key:${tenantId}:${keyId}`),
      ...windowOf('tenant-requests', ofTenant, minuteMs, `tenant:${tenantId}`),
    ];
  }

  private eventWindows({ keyId, tenantId, limits }: Credential): readonly Claimed[] {
    const { tenant } = limits;
    return [
      ...windowOf('key-events', limits.eventsPerMinute ?? 0, minuteMs, `key:${tenantId}:${keyId}`),
      ...windowOf(
        'tenant-events',
        tenant.eventsPerMinute ?? this.defaults.tenantEventsPerMinute,
        minuteMs,
        `tenant:${tenantId}`,
      ),
      ...windowOf(
        'tenant-events-day',
        tenant.eventsPerDay ?? this.defaults.tenantEventsPerDay,
        dayMs,
        `tenant:${tenantId}`,
      ),
    ];
  }

  /** A limit that was changed is another window: the lease of the old one is left behind. */
  private leaseOf({ key, window }: Claimed): LeasedWindow {
    const name = `${window.name}:${window.limit}:${key}`;
    const known = this.leases.get(name);
    const lease = known ?? new LeasedWindow(`${window.name}:${key}`, window, this.store, this.clock);
    this.leases.delete(name);
    this.leases.set(name, lease);
    if (this.leases.size > leasesMax) {
      const [oldest] = this.leases.keys();
      if (oldest !== undefined) this.leases.delete(oldest);
    }
    return lease;
  }

  private admit(standings: readonly WindowStanding[]): Readonly<Record<string, string>> {
    const headers = headersOf(standings);
    const refused = standings.find(({ admitted }) => !admitted);
    if (refused === undefined) return headers;
    const { window, resetMs } = refused;
    this.onRefused(window.name);
    const seconds = Math.max(1, Math.ceil(resetMs / 1_000));
    const isDay = window.spanMs === dayMs;
    throw new Problem(
      isDay ? 'QUOTA_EXCEEDED' : 'RATE_LIMITED',
      `${window.name}: ${window.limit} in ${window.spanMs / 1_000} s are used up; there is room again in ${seconds} s`,
      { headers: { ...headers, 'retry-after': String(seconds) } },
    );
  }
}

function windowOf(name: string, limit: number, spanMs: number, key: string): readonly Claimed[] {
  return limit > 0 ? [{ key, window: { name, limit, spanMs } }] : [];
}

/** As draft-ietf-httpapi-ratelimit-headers has them: the policies, and how each stands. */
function headersOf(standings: readonly WindowStanding[]): Readonly<Record<string, string>> {
  return {
    'ratelimit-policy': standings
      .map(({ window }) => `"${window.name}";q=${window.limit};w=${window.spanMs / 1_000}`)
      .join(', '),
    ratelimit: standings
      .map(
        ({ window, remaining, resetMs }) =>
          `"${window.name}";r=${remaining};t=${Math.max(0, Math.ceil(resetMs / 1_000))}`,
      )
      .join(', '),
  };
}
