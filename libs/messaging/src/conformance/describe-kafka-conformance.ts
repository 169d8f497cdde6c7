import { describe, expect, it } from 'vitest';
import type { KafkaConnection } from '../port.js';
import { Bench } from './bench.js';
import type { ConformanceCase } from './conformance-case.js';
import type { DriverName } from './drivers-under-test.js';
import type { Finding, FindingKind } from './history.js';

type Broker = Omit<KafkaConnection, 'clientId' | 'topicPrefix'>;

/** Runs a case on a bench of its own, and leaves nothing behind. */
export async function findingsOf(
  driver: DriverName,
  { findings }: ConformanceCase,
  broker: Broker,
): Promise<readonly Finding[]> {
  const bench = new Bench(driver, broker);
  try {
    return await findings(bench);
  } finally {
    await bench.dispose();
  }
}

/** What any driver must hold on a real broker: a test for each case, which finds nothing. */
export function describeKafkaConformance(
  driver: DriverName,
  cases: readonly ConformanceCase[],
  broker: () => Broker,
): void {
  describe(`driver ${driver}`, () => {
    for (const one of cases) {
      const { name, timeoutMs } = one;
      it(`${name}`, { timeout: timeoutMs }, async () => {
        expect(await findingsOf(driver, one, broker())).toEqual([]);
      });
    }
  });
}

/** A driver that is wrong on purpose: the case must say so, in the right words. */
export function itCatches(driver: DriverName, kind: FindingKind, one: ConformanceCase, broker: () => Broker): void {
  it(`catches a driver that ${driver}: ${one.name}`, { timeout: one.timeoutMs }, async () => {
    const kinds = (await findingsOf(driver, one, broker())).map((found) => found.kind);
    expect(kinds).toContain(kind);
    // Else the fault that it looks at was not there, and it found something by accident.
    expect(kinds).not.toContain('vacuous');
  });
}

export function caseNamed(cases: readonly ConformanceCase[], name: RegExp): ConformanceCase {
  const found = cases.find((one) => name.test(one.name));
  if (!found) throw new Error(`No case is named like ${name}`);
  return found;
}

/** The listener without TLS of a test stack. */
export function brokerOf(stack: { readonly kafkaBrokers: string }): Broker {
  return { brokers: stack.kafkaBrokers.split(',') };
}
