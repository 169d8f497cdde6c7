import { explain } from '../command-line/failure.js';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `broken` keeps Chorda from working; `warning` does not. */
  readonly state: 'ok' | 'warning' | 'broken';
  readonly detail: string;
  /** What to do; only where it is not well. */
  readonly fix?: string;
  /** How long it took, where that says something. */
  readonly ms?: number;
}

export type Finding = Omit<Check, 'name' | 'ms'>;

const limitMs = 15_000;

/** Looks at one thing, and takes a throw for a finding: one broken server must not hide the others. */
export async function look(name: string, at: () => Promise<Finding>): Promise<Check> {
  const startMs = performance.now();
  try {
    const finding = await within(at(), limitMs);
    return { name, ...finding, ms: performance.now() - startMs };
  } catch (error) {
    const { message, next } = explain(error);
    return { name, state: 'broken', detail: message, ...(next === undefined ? {} : { fix: next }) };
  }
}

export const ok = (detail: string): Finding => ({ state: 'ok', detail });
export const broken = (detail: string, fix: string): Finding => ({ state: 'broken', detail, fix });
export const warning = (detail: string, fix: string): Finding => ({ state: 'warning', detail, fix });

async function within<Result>(work: Promise<Result>, limit: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${limit / 1_000} s`)), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
