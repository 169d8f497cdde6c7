import { TenantCounters } from './tenant-counters.js';

export interface Queued {
  readonly tenantId: string;
  /** Tokens that it is expected to cost: of its prompt and of its answer. */
  readonly tokens: number;
  readonly queuedAtMs: number;
}

/** The requests of one class: each tenant's in the order of their coming, the tenants by what they were served. */
export class ClassQueue<Item extends Queued> {
  private readonly tenants = new Map<string, Set<Item>>();
  private count = 0;

  constructor(private readonly counters: TenantCounters) {}

  get size(): number {
    return this.count;
  }

  add(item: Item): void {
    const items = this.tenants.get(item.tenantId);
    if (items) items.add(item);
    else {
      this.tenants.set(item.tenantId, new Set([item]));
      this.counters.join(item.tenantId);
    }
    this.count += 1;
  }

  /** The one that is next; it stays. */
  head(): Item | undefined {
    const tenant = this.counters.next();
    return tenant === undefined ? undefined : first(this.tenants.get(tenant));
  }

  /** When the one that has waited longest came, whatever its tenant was served. */
  oldestMs(): number | undefined {
    let oldest: number | undefined;
    for (const items of this.tenants.values()) {
      const at = first(items)?.queuedAtMs;
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
    }
    return oldest;
  }

  /** False when it waits here no more. */
  remove(item: Item): boolean {
    const items = this.tenants.get(item.tenantId);
    if (!items?.delete(item)) return false;
    this.count -= 1;
    if (items.size === 0) {
      this.tenants.delete(item.tenantId);
      this.counters.leave(item.tenantId);
    }
    return true;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const items of this.tenants.values()) yield* items;
  }
}

function first<Item>(items: ReadonlySet<Item> | undefined): Item | undefined {
  return items?.values().next().value;
}
