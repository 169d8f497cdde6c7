import { float } from './histogram.js';

const bounds = ['body_bytes', 'unread_bytes', 'connections', 'log_entries', 'log_file', 'hang'] as const;
export type Bound = (typeof bounds)[number];

/** What only a simulator can count. */
export class OwnCounters {
  private readonly bounds = new Map<Bound, number>(bounds.map((bound) => [bound, 0]));
  private readonly faults = new Map<string, number>();

  onBound(bound: Bound): void {
    this.bounds.set(bound, (this.bounds.get(bound) ?? 0) + 1);
  }

  onFault(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  /** @param aborted By model. */
  render(aborted: ReadonlyMap<string, number>): string {
    return [
      family('requests_aborted', 'model_name', aborted, 'Requests whose client left before their end.'),
      family('faults', 'kind', this.faults, 'Faults that were asked for and made.'),
      family('bounds_hit', 'bound', this.bounds, 'Bounds of the simulator that were hit.'),
    ].join('');
  }
}

function family(name: string, label: string, values: ReadonlyMap<string, number>, help: string): string {
  const full = `chorda_simulator_${name}_total`;
  const samples = [...values].map(([key, value]) => `${full}{${label}="${key}"} ${float(value)}\n`);
  return `# HELP ${full} ${help} This server is a simulator, not vLLM.\n# TYPE ${full} counter\n${samples.join('')}`;
}
