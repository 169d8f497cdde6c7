import type { FilterValue, Incompleteness, ListItem, Listing, ListName, ListOptions } from '@chorda/client';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { gatewayClient } from '../command-line/gateway.js';
import { toJson } from '../command-line/output.js';
import { itemText } from '../runs/run-text.js';

export interface ListCommandOptions {
  readonly where: readonly string[];
  readonly sort?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly minPosition?: string;
}

/** What one request of the gateway answers at most. */
const pageSizeMax = 500;

export async function listItems(
  context: CommandContext,
  list: { readonly name: ListName; readonly run?: string; readonly columns: readonly string[] },
  options: ListCommandOptions,
): Promise<void> {
  const client = gatewayClient(context.environment);
  const asked: ListOptions = {
    where: conditionsOf(options.where),
    limit: Math.min(pageSizeMax, options.limit),
    signal: context.signal,
    ...(options.sort === undefined ? {} : { sort: options.sort }),
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
    ...(options.minPosition === undefined ? {} : { minPosition: options.minPosition }),
  };
  const listing = list.run === undefined ? client.list(list.name, asked) : client.runSteps(list.run, asked);
  await printListing(context, listing, list.columns, options.limit);
}

export async function showItem(
  context: CommandContext,
  name: Exclude<ListName, 'steps' | 'deadLetters'>,
  id: string,
  minPosition: string | undefined,
): Promise<void> {
  const client = gatewayClient(context.environment);
  const options = { signal: context.signal, ...(minPosition === undefined ? {} : { minPosition }) };
  const item = await client.get(name, id, options);
  // What hangs together in agents and executions is read as JSON; runs and tasks are looked at by people.
  const isForPeople = name === 'runs' || name === 'tasks';
  context.output.result(item, () => (isForPeople ? itemText(item) : toJson(item, 2)));
}

/** Whole pages, so that the cursor that is answered goes on exactly behind the last item. */
export async function printListing(
  { output }: CommandContext,
  listing: Listing,
  columns: readonly string[],
  limit: number,
): Promise<void> {
  const items: ListItem[] = [];
  let nextCursor: string | undefined;
  let incomplete: readonly Incompleteness[] = [];
  for await (const page of listing.pages()) {
    items.push(...page.items);
    nextCursor = page.nextCursor;
    if (!page.complete) incomplete = page.incomplete;
    if (items.length >= limit) break;
  }
  const complete = incomplete.length === 0;
  output.result({ items, next_cursor: nextCursor ?? null, complete, incomplete }, () => {
    if (items.length === 0) return 'None.';
    const rows = items.map((item) => columns.map((column) => cellOf(item[column])));
    return output.table(
      columns.map((column) => column.toUpperCase()),
      rows,
    );
  });
  for (const { reason, projection, detail } of incomplete)
    output.note(`Not complete (${reason}): ${projection}: ${detail}`);
  if (nextCursor !== undefined) output.note(`There are more: add --cursor ${nextCursor}`);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? toJson(value) : String(value);
}

const operators = ['eq', 'gt', 'gte', 'lt', 'lte'] as const;

/** `status=failed`, `started_at=gte.2026-11-21T00:00:00Z`, `status=in.failed,cancelled`. */
export function conditionsOf(texts: readonly string[]): Readonly<Record<string, FilterValue>> {
  const conditions: Record<string, FilterValue> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1)
      throw new CommandFailure(exitCodes.usage, `Not a condition: ${text}`, 'Write field=value or field=op.value.');
    const [field, value] = [text.slice(0, at), text.slice(at + 1)];
    const operator = operators.find((each) => value.startsWith(`${each}.`));
    const known = conditions[field];
    if (value.startsWith('in.')) conditions[field] = { in: value.slice(3).split(',') };
    else if (operator === undefined) conditions[field] = { eq: value };
    else {
      const ranges = typeof known === 'object' && !('in' in known) ? known : {};
      conditions[field] = { ...ranges, [operator]: value.slice(operator.length + 1) };
    }
  }
  return conditions;
}
