import { filterKey, type TailEvent, type TailFilter } from './tail-event.js';

/** Subscriptions of one tenant with the same filter: it is evaluated once for all of them. */
export interface SubscriptionGroup<Member> {
  readonly tenantId: string;
  readonly key: string;
  readonly filter: TailFilter;
  readonly members: Set<Member>;
}

interface TenantGroups<Member> {
  readonly all: Map<string, SubscriptionGroup<Member>>;
  readonly byType: Map<string, Set<SubscriptionGroup<Member>>>;
  readonly byTopic: Map<string, Set<SubscriptionGroup<Member>>>;
  readonly ofAny: Set<SubscriptionGroup<Member>>;
}

const nobody: ReadonlySet<never> = new Set<never>();

/** Finds who may want an event by its tenant, then its type or topic; only these are asked further. */
export class SubscriptionIndex<Member> {
  private readonly tenants = new Map<string, TenantGroups<Member>>();

  add(tenantId: string, filter: TailFilter, member: Member): SubscriptionGroup<Member> {
    const groups = this.groupsOf(tenantId);
    const key = filterKey(filter);
    let group = groups.all.get(key);
    if (group === undefined) {
      group = { tenantId, key, filter, members: new Set() };
      groups.all.set(key, group);
      for (const place of placesOf(groups, filter)) place.add(group);
    }
    group.members.add(member);
    return group;
  }

  remove(group: SubscriptionGroup<Member>, member: Member): void {
    group.members.delete(member);
    const groups = this.tenants.get(group.tenantId);
    if (group.members.size > 0 || groups?.all.get(group.key) !== group) return;
    groups.all.delete(group.key);
    for (const place of placesOf(groups, group.filter)) place.delete(group);
    dropEmpty(groups.byType);
    dropEmpty(groups.byTopic);
    if (groups.all.size === 0) this.tenants.delete(group.tenantId);
  }

  /** Each group at most once: it stands under its types, else under its topics, else under "any". */
  *candidates(event: TailEvent): Generator<SubscriptionGroup<Member>, void, undefined> {
    const groups = this.tenants.get(event.tenant);
    if (groups === undefined) return;
    yield* groups.byType.get(event.type) ?? nobody;
    yield* groups.byTopic.get(event.topic) ?? nobody;
    yield* groups.ofAny;
  }

  hasTenant(tenantId: string): boolean {
    return this.tenants.has(tenantId);
  }

  *groups(tenantId?: string): Generator<SubscriptionGroup<Member>, void, undefined> {
    for (const [tenant, { all }] of this.tenants)
      if (tenantId === undefined || tenant === tenantId) yield* all.values();
  }

  private groupsOf(tenantId: string): TenantGroups<Member> {
    let groups = this.tenants.get(tenantId);
    if (groups === undefined) {
      groups = { all: new Map(), byType: new Map(), byTopic: new Map(), ofAny: new Set() };
      this.tenants.set(tenantId, groups);
    }
    return groups;
  }
}

function placesOf<Member>(
  groups: TenantGroups<Member>,
  { types, topics }: TailFilter,
): readonly Set<SubscriptionGroup<Member>>[] {
  if (types !== undefined) return [...types].map((type) => entryOf(groups.byType, type));
  if (topics !== undefined) return [...topics].map((topic) => entryOf(groups.byTopic, topic));
  return [groups.ofAny];
}

function entryOf<Value>(map: Map<string, Set<Value>>, key: string): Set<Value> {
  let entry = map.get(key);
  if (entry === undefined) {
    entry = new Set();
    map.set(key, entry);
  }
  return entry;
}

function dropEmpty<Value>(map: Map<string, Set<Value>>): void {
  for (const [key, values] of map) if (values.size === 0) map.delete(key);
}
