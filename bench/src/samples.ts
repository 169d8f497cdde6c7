/** What one round of one contestant gave: a rate or a time, in the unit of its measure. */
export interface Sample {
  readonly contestant: string;
  readonly round: number;
  readonly value: number;
}

/** The middle value; of an even number of values the lower of the two middle ones. NaN for none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Nearest-rank percentile, `share` from 0 to 1. NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** A measure run by several contestants in turn, so that a slow minute of a shared machine is everybody's. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly settings: Readonly<Record<string, string | number>>;
  /** The first one is what the others are compared with. */
  readonly contestants: readonly string[];
  readonly samples: readonly Sample[];
}

export interface Contestant {
  readonly name: string;
  /** Runs once and answers with the figure. */
  run(round: number): Promise<number>;
}

/**
 * Runs every contestant once a round, in an order that turns with the round. A round before the first one warms up and
 * is not counted.
 */
export async function inTurns(
  measure: Pick<Measure, 'name' | 'unit' | 'settings'>,
  contestants: readonly Contestant[],
  rounds: number,
  progress: (line: string) => void,
): Promise<Measure> {
  const samples: Sample[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const shift = round % contestants.length;
    for (const contestant of [...contestants.slice(shift), ...contestants.slice(0, shift)]) {
      const value = await contestant.run(round);
      if (round > 0) samples.push({ contestant: contestant.name, round, value });
      progress(
        `${measure.name}: ${round === 0 ? 'warm-up' : `round ${round}/${rounds}`}, ${contestant.name}: ${figure(value)} ${measure.unit}`,
      );
    }
  }
  return { ...measure, contestants: contestants.map((contestant) => contestant.name), samples };
}

/** Three significant digits with thousands separators. */
export function figure(value: number): string {
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value);
}

/** Median, range and the median of the round-by-round ratios against the first contestant. */
export function summarize(measure: Measure): readonly string[] {
  const valuesOf = (name: string) => measure.samples.filter((sample) => sample.contestant === name);
  const [first = ''] = measure.contestants;
  return measure.contestants.map((name) => {
    const own = valuesOf(name);
    const values = own.map((sample) => sample.value);
    const ratios = own.map((sample) => {
      const base = valuesOf(first).find((other) => other.round === sample.round);
      return base === undefined ? Number.NaN : sample.value / base.value;
    });
    const range = `${figure(Math.min(...values))} to ${figure(Math.max(...values))}`;
    return `| ${measure.name} | ${name} | ${figure(median(values))} ${measure.unit} | ${range} | ${figure(median(ratios))} |`;
  });
}
