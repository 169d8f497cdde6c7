import type { Credential } from '../auth/scopes.js';
import type { TailMetrics } from './tail.metrics.js';
import { Problem } from '../http/problem.js';

export interface StreamAdmissionLimits {
  readonly clientsMax: number;
  readonly clientsOfTenantMax: number;
  readonly clientsOfKeyMax: number;
}

export type Transport = 'sse' | 'websocket';

const retryLater = { 'retry-after': '5' };

/** Counts the clients of the tail: all of them, those of each tenant and those of each key. */
export class StreamAdmission {
  private clients = 0;
  private readonly byTenant = new Map<string, number>();
  private readonly byKey = new Map<string, number>();
  private isStopping = false;

  constructor(
    private readonly limits: StreamAdmissionLimits,
    private readonly metrics: TailMetrics,
  ) {}

  /** @throws {@link Problem} `STOPPING`, `OVERLOADED` or `TOO_MANY_STREAMS`. @returns Gives the place back, once. */
  enter(credential: Credential, transport: Transport): () => void {
    const { tenantId, keyId } = credential;
    this.check(tenantId, `${tenantId}/${keyId}`);
    this.count(1, tenantId, `${tenantId}/${keyId}`);
    this.metrics.tailClients.inc({ transport });
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      this.count(-1, tenantId, `${tenantId}/${keyId}`);
      this.metrics.tailClients.dec({ transport });
    };
  }

  /** @throws {@link Problem} `STOPPING`. */
  assertOpen(): void {
    if (this.isStopping) throw new Problem('STOPPING', 'This instance is stopping', { headers: retryLater });
  }

  stop(): void {
    this.isStopping = true;
  }

  private check(tenant: string, key: string): void {
    const { clientsMax, clientsOfTenantMax, clientsOfKeyMax } = this.limits;
    this.assertOpen();
    if (this.clients >= clientsMax)
      throw this.refused('total', 'OVERLOADED', `There are ${this.clients} streams already`);
    if ((this.byTenant.get(tenant) ?? 0) >= clientsOfTenantMax) {
      throw this.refused('tenant', 'TOO_MANY_STREAMS', `The tenant has ${clientsOfTenantMax} streams already`);
    }
    if ((this.byKey.get(key) ?? 0) >= clientsOfKeyMax) {
      throw this.refused('key', 'TOO_MANY_STREAMS', `The key has ${clientsOfKeyMax} streams already`);
    }
  }

  private refused(bound: string, code: 'OVERLOADED' | 'TOO_MANY_STREAMS', detail: string): Problem {
    this.metrics.tailRefused.inc({ bound });
    return new Problem(code, detail, { headers: retryLater });
  }

  private count(change: 1 | -1, tenant: string, key: string): void {
    this.clients += change;
    add(this.byTenant, tenant, change);
    add(this.byKey, key, change);
  }
}

function add(counts: Map<string, number>, name: string, change: number): void {
  const count = (counts.get(name) ?? 0) + change;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
