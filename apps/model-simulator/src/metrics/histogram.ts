/** A Prometheus histogram without labels of its own: an observation is a binary search and three additions. */
export class Histogram {
  private readonly counts: number[];
  private total = 0;
  private sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = bounds.map(() => 0);
  }

  observe(value: number, times = 1): void {
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= (this.bounds[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    if (low < this.counts.length) this.counts[low] = (this.counts[low] ?? 0) + times;
    this.total += times;
    this.sum += value * times;
  }

  /** Lines as vLLM writes them: labels in the order of the alphabet, numbers as Python prints floats. */
  render(name: string, model: string): string {
    let below = 0;
    const lines = this.bounds.map((bound, index) => {
      below += this.counts[index] ?? 0;
      return `${name}_bucket{engine="0",le="${float(bound)}",model_name="${model}"} ${float(below)}`;
    });
    lines.push(`${name}_bucket{engine="0",le="+Inf",model_name="${model}"} ${float(this.total)}`);
    lines.push(`${name}_count{engine="0",model_name="${model}"} ${float(this.total)}`);
    lines.push(`${name}_sum{engine="0",model_name="${model}"} ${float(this.sum)}`);
    return lines.join('\n');
  }
}

export function float(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

/** 1, 2, 5, 10, 20, 50 … up to the longest that a model takes, as vLLM has it. */
export function tokenBounds(most: number): readonly number[] {
  const bounds: number[] = [];
  for (let power = 1; power <= most; power *= 10) {
    for (const step of [1, 2, 5]) if (step * power <= most) bounds.push(step * power);
  }
  return bounds;
}
