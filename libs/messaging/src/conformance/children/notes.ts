import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildName, ChildNote, ChildOrders, CommonOrders } from '../child.js';

export function ordersOf<Name extends ChildName>(_name: Name): ChildOrders[Name] & CommonOrders {
  const orders: ChildOrders[Name] & CommonOrders = JSON.parse(process.argv[2] ?? 'null');
  // The parent is gone, however it went: nobody waits for us any more.
  process.on('disconnect', () => process.exit(1));
  return orders;
}

/** Synchronous, so that nothing is done that is not written down. */
export function note(folder: string, name: ChildName, what: ChildNote): void {
  appendFileSync(join(folder, `${name}.jsonl`), `${JSON.stringify(what)}\n`);
}

/** Proves that the process got to the place where it is about to be broken. */
export function crashPoint(folder: string, name: string): void {
  writeFileSync(join(folder, name), String(process.pid));
}

export function dieNow(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before this thread goes on, on every system that has it.
  throw new Error('SIGKILL did not kill');
}
