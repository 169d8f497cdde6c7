import type { ParkedGroup, ParkedSequence } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes, type ExitCode } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson, type Output } from '../command-line/output.js';

export interface ListOptions {
  readonly each?: boolean;
  readonly fingerprint?: string;
  readonly limit: number;
}

export interface RetryOptions {
  readonly all?: boolean;
  readonly fingerprint?: string;
  readonly wait: number;
}

export interface DiscardOptions {
  readonly reason: string;
  readonly through?: string;
  readonly gap?: boolean;
}

const pageMax = 500;

export async function listParked(
  { output, environment }: CommandContext,
  projection: string,
  { each, fingerprint, limit }: ListOptions,
): Promise<void> {
  const client = gatewayClient(environment);
  const items: ParkedSequence[] = [];
  let groups: readonly ParkedGroup[] = [];
  let cursor: string | undefined;
  do {
    const size = Math.min(limit - items.length, pageMax);
    const page = await client.parked.list(projection, { fingerprint, cursor, limit: size });
    items.push(...page.items);
    groups = page.groups;
    cursor = page.next_cursor ?? undefined;
  } while (each === true && cursor !== undefined && items.length < limit);
  if (each === true) output.result({ items }, () => eachText(output, items));
  else output.result({ groups }, () => groupsText(output, projection, groups));
}

export async function showParked(
  { output, environment }: CommandContext,
  projection: string,
  id: string,
  { limit }: { readonly limit: number },
): Promise<void> {
  const whole = await gatewayClient(environment).parked.get(projection, id, { limit });
  output.result(whole, () => toJson(whole, 2));
}

export async function retryParked(
  { output, environment }: CommandContext,
  projection: string,
  id: string | undefined,
  { all, fingerprint, wait }: RetryOptions,
): Promise<ExitCode> {
  const client = gatewayClient(environment);
  const isMany = all === true || fingerprint !== undefined;
  if ((id !== undefined) === isMany) {
    throw new CommandFailure(exitCodes.usage, 'Name one sequence, or give --all or --fingerprint', '');
  }
  if (id === undefined) {
    const answer = await client.parked.retryAll(projection, { fingerprint });
    output.result(answer, () => `${answer.requested} sequences are tried again.`);
    return exitCodes.ok;
  }
  const answer = await client.parked.retry(projection, id, { waitMs: Math.min(wait, 30_000) });
  output.result(answer, () => {
    if (answer.status === 'settled') return 'Applied: nothing of it waits any more.';
    if (answer.status === 'requested') return 'Asked for; it has not ended yet.';
    const { sequence } = answer;
    return `Stuck at ${sequence?.first_offset ?? '?'}: ${sequence?.error_message ?? ''} (${sequence?.events ?? 0} wait)`;
  });
  return answer.status === 'stuck' ? exitCodes.failed : exitCodes.ok;
}

export async function discardParked(
  { output, environment }: CommandContext,
  projection: string,
  id: string,
  { reason, through, gap }: DiscardOptions,
): Promise<void> {
  const wish = { reason, throughOffset: through, ...(gap === true && { gap }) };
  const answer = await gatewayClient(environment).parked.discard(projection, id, wish);
  output.result(answer, () => `${answer.discarded} events given up, ${answer.left} left. Event ${answer.event_id}`);
}

function groupsText(output: Output, projection: string, groups: readonly ParkedGroup[]): string {
  if (groups.length === 0) return `Nothing of ${projection} is parked.`;
  const rows = groups.map((group) => [
    group.fingerprint,
    group.reason,
    String(group.sequences),
    String(group.events),
    group.event_type ?? '',
    group.oldest_at,
    group.error_message.slice(0, 80),
  ]);
  return output.table(['FINGERPRINT', 'REASON', 'SEQUENCES', 'EVENTS', 'TYPE', 'SINCE', 'ERROR'], rows);
}

function eachText(output: Output, items: readonly ParkedSequence[]): string {
  if (items.length === 0) return 'Nothing is parked.';
  const rows = items.map((item) => [
    item.id,
    item.aggregate_key,
    `${item.topic}[${item.partition}] ${item.first_offset}`,
    String(item.events),
    item.reason,
    item.error_message.slice(0, 60),
  ]);
  return output.table(['ID', 'AGGREGATE', 'FIRST', 'EVENTS', 'REASON', 'ERROR'], rows);
}
