import { parseTimestamp } from '@chorda/contracts';
import type { Issue } from '@chorda/kernel';
import { usageGroups, type UsageGroup, type UsageQuery } from '@chorda/read-models';
import { invalidRequest, isText, parseItemQuery, type ItemQuery } from '../lists/list-query.js';

const dayMs = 86_400_000;
export const groupsMax = 1_000;
/** Sums of a year by day, or of three months by hour, are what somebody looks at; more is a job for an export. */
const spanDaysMax = 400;

const own = ['group_by', 'from', 'to', 'agent_id', 'workflow_id', 'provider', 'model', 'limit'];

/** Where the caller says nothing: the last day, by model. */
export function parseUsageQuery(
  raw: Readonly<Record<string, unknown>>,
  nowMs: number,
): { readonly read: ItemQuery; readonly usage: UsageQuery } {
  const read = parseItemQuery(raw, own);
  const issues: Issue[] = [];
  const groupBy = groupsIn(read.own.get('group_by') ?? 'model', issues);
  const toMs = timeIn('to', read, nowMs, issues);
  const fromMs = timeIn('from', read, toMs - dayMs, issues);
  if (fromMs >= toMs) issues.push({ pointer: '/from', detail: 'must be before `to`' });
  else if (toMs - fromMs > spanDaysMax * dayMs) {
    issues.push({ pointer: '/from', detail: `must be at most ${spanDaysMax} days before \`to\`` });
  }
  const limit = limitIn(read.own.get('limit'), issues);
  if (issues.length > 0) throw invalidRequest(issues);
  const filter = (name: string) => read.own.get(name);
  return {
    read,
    usage: {
      groupBy,
      fromMs,
      toMs,
      agentId: filter('agent_id'),
      workflowId: filter('workflow_id'),
      provider: filter('provider'),
      model: filter('model'),
      limit,
    },
  };
}

function groupsIn(text: string, issues: Issue[]): readonly UsageGroup[] {
  // A credential sees its own tenant alone, so by tenant is the sum of everything.
  const names = text === 'tenant' ? [] : text.split(',').filter((name) => name !== 'tenant');
  const groups = names.flatMap((name) => usageGroups.filter((group) => group === name));
  if (groups.length === names.length && new Set(groups).size === groups.length && isText(text)) return groups;
  const detail = `must be some of tenant, ${usageGroups.join(', ')}, separated by commas, each once`;
  issues.push({ pointer: '/group_by', detail });
  return [];
}

function timeIn(name: string, { own: given }: ItemQuery, otherwise: number, issues: Issue[]): number {
  const text = given.get(name);
  if (text === undefined) return otherwise;
  const ms = parseTimestamp(text);
  if (ms !== undefined) return ms;
  issues.push({ pointer: `/${name}`, detail: 'must be an RFC 3339 time, such as 2026-11-21T12:00:00Z' });
  return otherwise;
}

function limitIn(text: string | undefined, issues: Issue[]): number {
  if (text === undefined) return groupsMax;
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= groupsMax) return Number(text);
  issues.push({ pointer: '/limit', detail: `must be a whole number from 1 to ${groupsMax}` });
  return groupsMax;
}
