import type { Message } from '@chorda/messaging';
import type pg from 'pg';
import { EventNotApplicableError } from '../runner/errors.js';
import type { Projection } from '../runner/projection.js';
import { aggregateKeyOf } from './aggregate-key.js';
import { arrivalOf, type Arrival } from './arrival.js';
import { faultOf, isEventFault } from './fault.js';

/**
 * Applies messages in their order, as many at once as go through, and finds those that do not: what fails whole is halved
 * and the halves are applied one behind the other, each under a savepoint. For one bad event among n that is 2 log n
 * statements more, and about twice the rows. An event of an aggregate of which one has failed is not tried: it waits.
 */
export async function applyApart(
  tx: pg.ClientBase,
  projection: Projection,
  messages: readonly Message[],
): Promise<{ readonly applied: number; readonly parked: readonly Arrival[] }> {
  const work = new ApartWork(tx, projection);
  await work.apply(messages);
  return work;
}

class ApartWork {
  applied = 0;
  readonly parked: Arrival[] = [];
  private readonly held = new Set<string>();

  constructor(
    private readonly tx: pg.ClientBase,
    private readonly projection: Projection,
  ) {}

  async apply(messages: readonly Message[]): Promise<void> {
    const open = messages.filter((message) => !this.wait(message));
    const [first] = open;
    if (first === undefined) return;
    const error = await this.attempt(open);
    if (error === undefined) return;
    const found = error instanceof EventNotApplicableError ? open.indexOf(error.event) : -1;
    if (open.length === 1 || found === 0) {
      this.park(first, error);
      return this.apply(open.slice(1));
    }
    const middle = found > 0 ? found : Math.ceil(open.length / 2);
    await this.apply(open.slice(0, middle));
    await this.apply(open.slice(middle));
  }

  private wait(message: Message): boolean {
    if (!this.held.has(aggregateKeyOf(message).text)) return false;
    this.parked.push(arrivalOf(message));
    return true;
  }

  private park(message: Message, error: Error): void {
    this.parked.push(arrivalOf(message, faultOf(error, message.envelope.event.type)));
    this.held.add(aggregateKeyOf(message).text);
  }

  private async attempt(messages: readonly Message[]): Promise<Error | undefined> {
    await this.tx.query('SAVEPOINT apart');
    try {
      this.applied += await this.projection.apply(this.tx, messages);
      await this.tx.query('RELEASE SAVEPOINT apart');
      return undefined;
    } catch (error) {
      if (!isEventFault(error)) throw error;
      await this.tx.query('ROLLBACK TO SAVEPOINT apart; RELEASE SAVEPOINT apart');
      return error;
    }
  }
}
