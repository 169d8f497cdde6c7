import { isEventType, topicsOf } from '@chorda/contracts';
import type { TenantId } from '@chorda/kernel';
import type { AwaitedByTenant, AwaitedEventsRepository } from '@chorda/read-models';

/** What runs say and what starts them comes to other runs by other ways, and would go round; audits are nobody's to follow. */
const ownAreas = /^(workflow|schedule|audit)\./;

/**
 * Which events of producers runs may wait for, kept in memory. Before each batch it is asked whether it is the newest: an
 * event that came after a definition was stored is never looked at without it.
 */
export class AwaitedBook {
  private revision = '';
  private awaited: readonly AwaitedByTenant[] = [];

  constructor(private readonly stored: Pick<AwaitedEventsRepository, 'revision' | 'all'>) {}

  async refresh(): Promise<void> {
    const revision = await this.stored.revision();
    if (revision === this.revision) return;
    this.awaited = await this.stored.all();
    this.revision = revision;
  }

  /** Of types that there are by now: one that is registered later is read from then on. */
  topics(): readonly string[] {
    const names = new Set(this.awaited.map(({ name }) => name).filter((name) => !ownAreas.test(name)));
    const topics = [...names].flatMap((name) => (isEventType(name) ? topicsOf(name) : []));
    return [...new Set(topics)].toSorted();
  }

  of(tenantId: TenantId, type: string): readonly AwaitedByTenant[] {
    return this.awaited.filter((one) => one.name === type && one.tenantId === tenantId);
  }
}
