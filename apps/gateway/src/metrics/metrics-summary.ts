import type { TopicMinute, TypeTotal } from '@chorda/read-models';

/** What ended well and what ended badly, of each kind of work. */
const endings = {
  executions: { failed: ['agent.failed'], ended: ['agent.executed', 'agent.failed'] },
  steps: { failed: ['workflow.step_failed'], ended: ['workflow.step_completed', 'workflow.step_failed'] },
  runs: { failed: ['workflow.failed'], ended: ['workflow.completed', 'workflow.failed', 'workflow.cancelled'] },
  inference: {
    failed: ['inference.failed', 'inference.expired'],
    ended: ['inference.completed', 'inference.failed', 'inference.expired', 'inference.cancelled'],
  },
} as const;

export interface ErrorShare {
  readonly failed: string;
  readonly ended: string;
  /** 0 to 1; null where nothing ended. */
  readonly share: number | null;
}

export function errorShares(types: readonly TypeTotal[]): Readonly<Record<string, ErrorShare>> {
  const sum = (names: readonly string[]) =>
    types.filter(({ type }) => names.includes(type)).reduce((total, { events }) => total + BigInt(events), 0n);
  return Object.fromEntries(
    Object.entries(endings).map(([kind, names]) => {
      const failed = sum(names.failed);
      const ended = sum(names.ended);
      const share = ended === 0n ? null : Number(failed) / Number(ended);
      return [kind, { failed: String(failed), ended: String(ended), share }];
    }),
  );
}

/** Each topic with its whole span and every minute of it; a minute without events is a zero. */
export function topicRates(found: readonly TopicMinute[], fromMs: number, minutes: number) {
  return [...Map.groupBy(found, ({ topic }) => topic)].map(([topic, members]) => {
    const perMinute: number[] = Array.from({ length: minutes }, () => 0);
    for (const { minute, events } of members) {
      const index = Math.round((minute.getTime() - fromMs) / 60_000);
      if (index >= 0 && index < minutes) perMinute[index] = Number(events);
    }
    const total = members.reduce((sum, { events }) => sum + BigInt(events), 0n);
    const bytes = members.reduce((sum, member) => sum + BigInt(member.bytes), 0n);
    return { topic, events: String(total), bytes: String(bytes), events_per_minute: perMinute };
  });
}
