import type { Fault, FaultRule, FaultSubject } from './fault.js';

export const faultRulesMax = 1_000;

interface ActiveRule {
  readonly id: string;
  readonly rule: FaultRule;
  hits: number;
  owed: number;
}

/** The rules in force; the first that speaks to a request decides. */
export class FaultRules {
  private rules: ActiveRule[] = [];
  private ids = 0;

  /** @returns its id, or undefined when there are as many rules as there may be. */
  add(rule: FaultRule): string | undefined {
    if (this.rules.length >= faultRulesMax) return undefined;
    const id = `fault-${++this.ids}`;
    this.rules.push({ id, rule, hits: 0, owed: 0 });
    return id;
  }

  clear(id?: string): number {
    const before = this.rules.length;
    this.rules = id === undefined ? [] : this.rules.filter((one) => one.id !== id);
    return before - this.rules.length;
  }

  list(): readonly object[] {
    return this.rules.map(({ id, rule, hits }) => ({ id, ...rule, hits }));
  }

  take(subject: FaultSubject): Fault | undefined {
    for (const active of this.rules) {
      const { rule } = active;
      if (rule.times !== undefined && active.hits >= rule.times) continue;
      if (!speaksTo(rule, subject)) continue;
      active.owed += rule.share;
      // Shares like 0.1 do not add up to 1 exactly.
      if (active.owed < 1 - 1e-9) continue;
      active.owed -= 1;
      active.hits += 1;
      return rule.fault;
    }
    return undefined;
  }
}

function speaksTo({ model, path, contains }: FaultRule, subject: FaultSubject): boolean {
  if (model !== undefined && model !== subject.model) return false;
  if (path !== undefined && path !== subject.path) return false;
  return contains === undefined || subject.promptText().includes(contains);
}
