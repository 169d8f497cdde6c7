/** The queues of requests, most urgent first. */
export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** How many tokens of each class are served for one of the least, while all of them wait. */
export const priorityWeights: Readonly<Record<Priority, number>> = { high: 8, normal: 3, low: 1 };

/** An unknown one comes from a later version, and counts as normal. */
export function priorityOf(text: string): Priority {
  return priorities.find((priority) => priority === text) ?? 'normal';
}
