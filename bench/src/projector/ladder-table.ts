import { figure, median } from '../samples.js';
import { memorySlope, type Run } from './follow.js';
import type { KeyShape } from './workload.js';

export interface Sample extends Run {
  readonly arm: { readonly name: string; readonly shape: KeyShape; readonly table: string };
  readonly round: number;
}

const tableNames: Readonly<Record<string, string>> = {
  insert: 'insert, one key',
  fold: 'folded, one key',
  journal: 'journal',
  all: 'all read models',
  none: '',
};

/** A Markdown table: medians over the rounds, the range of the rates in brackets. */
export function tableOf(samples: readonly Sample[]): readonly string[] {
  const byArm = Map.groupBy(samples, ({ arm }) => `${arm.name}/${arm.shape}/${arm.table}`);
  return [
    '| contestant | table | keys | events/s | CPU s per million: own | Postgres | Kafka | together |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...[...byArm.values()].map(lineOf),
    ...slopesOf(samples),
  ];
}

function lineOf(samples: readonly Sample[]): string {
  const arm = samples[0]?.arm;
  const rates = samples.map(({ eventsPerSecond }) => eventsPerSecond);
  const range = `${figure(Math.min(...rates))} – ${figure(Math.max(...rates))}`;
  const own = median(samples.map(({ cpu }) => cpu.own));
  const postgres = median(samples.map(({ cpu }) => cpu.postgres));
  const kafka = median(samples.map(({ cpu }) => cpu.kafka));
  const together = median(samples.map(({ cpu }) => cpu.own + cpu.postgres + cpu.kafka));
  const cells = [own, postgres, kafka, together].map((seconds) => seconds.toFixed(1)).join(' | ');
  return `| ${arm?.name} | ${tableNames[arm?.table ?? ''] ?? ''} | ${arm?.shape} | ${figure(median(rates))} (${range}) | ${cells} |`;
}

function slopesOf(samples: readonly Sample[]): readonly string[] {
  const slopes = samples.flatMap(({ arm, memory }) => {
    const slope = memorySlope(memory);
    return slope === undefined ? [] : [`${arm.name}, ${arm.shape}, ${arm.table}: ${slope.toFixed(2)} MiB`];
  });
  if (slopes.length === 0) return [];
  return ['', 'Resident memory per million events after the first million:', '', ...slopes.map((line) => `- ${line}`)];
}
