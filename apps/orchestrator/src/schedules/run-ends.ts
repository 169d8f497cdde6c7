import type { OpenedEvent, ScheduleId } from '@chorda/contracts';
import { scheduleOfFire } from '@chorda/domain';
import { derivedId } from '@chorda/kernel';
import type { CommandWriter } from '../routing/command-writer.js';

const statuses: Readonly<Record<string, string>> = {
  'workflow.completed': 'completed',
  'workflow.failed': 'failed',
  'workflow.cancelled': 'cancelled',
};

/** Tells a schedule that a run of it has ended: what waits for the end may begin. */
export class RunEnds {
  constructor(private readonly writer: CommandWriter) {}

  async hear({ type, metadata }: OpenedEvent): Promise<void> {
    const status = statuses[type];
    const schedule = status === undefined ? undefined : scheduleOfFire(metadata.subject);
    if (status === undefined || schedule === undefined) return;
    const fire_id = metadata.subject;
    const data = { schedule_id: schedule as ScheduleId, fire_id, status };
    const commandId = derivedId(metadata.tenantId, metadata.id, 'run ended');
    await this.writer.write({ type: 'schedule.record_run_ended', data }, commandId, schedule, metadata);
  }
}
