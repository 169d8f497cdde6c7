const short = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const iso =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const isoUnits = [7 * units.d, units.d, units.h, units.m, units.s];

/** Milliseconds of `500ms`, `1.5h`, `PT5M` or a number of them; undefined for what is none. */
export function durationMsOf(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const [, count, unit] = short.exec(value) ?? [];
  if (count !== undefined && unit !== undefined) return Math.round(Number(count) * units[unit as keyof typeof units]);
  const parts = iso.exec(value)?.slice(1);
  if (parts === undefined || parts.every((part) => part === undefined)) return undefined;
  return Math.round(parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (isoUnits[index] ?? 0), 0));
}

/** As short as it can be written. */
export function durationText(ms: number): string {
  for (const [unit, size] of Object.entries(units).toReversed()) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
