import type { Rebuild, RebuildReport } from '@chorda/client';
import type { Output, Tone } from '../command-line/output.js';

/** A rebuild for people: what it is, what it found, and what may be done next. */
export function rebuildText(output: Output, rebuild: Rebuild): string {
  const { projection, state, from_version, to_version, events_done, events_total, time_share, reason, report, wanted } =
    rebuild;
  const lines = [
    `${projection} v${from_version} -> ${to_version === null ? 'new tables' : `v${to_version}`}: ${output.paint(toneOf(rebuild), state)}`,
    `${events_done} of ${events_total} events`,
  ];
  if (time_share !== null && time_share < 1) lines.push(givingWay(time_share));
  if (wanted !== null) lines.push(`asked for: ${wanted}`);
  if (reason !== null) lines.push(output.paint('bad', reason));
  if (report !== null) lines.push(...reportLines(report));
  const next = nextOf(rebuild);
  if (next !== undefined) lines.push(`${output.paint('strong', 'Next:')} ${next}`);
  return lines.join('\n');
}

export function givingWay(timeShare: number): string {
  return `giving way to live: ${Math.ceil(timeShare * 100)} % of its time`;
}

function reportLines(report: RebuildReport): readonly string[] {
  const { by_row, equal, rows_old, rows_new, tenants_that_differ, rows_that_differ, columns_filled = [] } = report;
  if (!by_row) return [`counted, not compared, since the code differs: ${rows_old} rows before, ${rows_new} now`];
  const filled = columns_filled.map(
    ({ column, rows }) => `${column}: filled in ${rows} rows that are older than the column`,
  );
  if (equal) return [`${rows_new} rows, each the same as before`, ...filled];
  return [
    ...filled,
    `${rows_old} rows before, ${rows_new} now`,
    ...tenants_that_differ.map((each) => `  tenant ${each.tenant}: ${each.rows_old} before, ${each.rows_new} now`),
    ...rows_that_differ.map(({ key, found }) => `  ${found.replace('_', ' ')}: ${JSON.stringify(key)}`),
  ];
}

function toneOf({ state }: Rebuild): Tone {
  if (state === 'failed' || state === 'mismatch') return 'bad';
  return state === 'swapped' || state === 'done' ? 'good' : 'warn';
}

function nextOf({ projection, state, keep_until }: Rebuild): string | undefined {
  switch (state) {
    case 'ready':
      return `chorda projections swap ${projection}`;
    case 'mismatch':
      return `look at the rows above, then chorda projections cancel ${projection}, or swap ${projection} all the same`;
    case 'failed':
      return `mend the cause, then chorda projections resume ${projection}, or cancel ${projection}`;
    case 'swapped':
      return `chorda projections swap-back ${projection} until ${keep_until ?? 'it is dropped'}, or drop-old ${projection}`;
    case 'swapped_back':
      return `chorda projections swap ${projection}, or drop-old ${projection}`;
    default:
      return undefined;
  }
}
