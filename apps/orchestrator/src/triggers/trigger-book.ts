import type { TenantId } from '@chorda/kernel';
import type { TriggerRepository, WorkflowTrigger } from '@chorda/read-models';

/**
 * The triggers that wait for events, kept in memory. Before each batch it is asked whether they are the newest: an event
 * that came after a trigger was created is never looked at without it.
 */
export class TriggerBook {
  private revision = '';
  private triggers: readonly WorkflowTrigger[] = [];

  constructor(private readonly stored: Pick<TriggerRepository, 'revision' | 'ofEvents'>) {}

  /** @returns Whether they changed. */
  async refresh(): Promise<boolean> {
    const revision = await this.stored.revision();
    if (revision === this.revision) return false;
    this.triggers = await this.stored.ofEvents();
    this.revision = revision;
    return true;
  }

  topics(): readonly string[] {
    return [...new Set(this.triggers.flatMap(({ topics }) => topics))].toSorted();
  }

  of(tenantId: TenantId, topic: string): readonly WorkflowTrigger[] {
    return this.triggers.filter((one) => one.tenantId === tenantId && one.topics.includes(topic));
  }
}
