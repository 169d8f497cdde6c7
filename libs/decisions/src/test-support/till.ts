import { DomainError, type Aggregate, type Decision, type Given, type StatesOf, type StreamRef } from '@chorda/domain';

/** A till with its slips: two kinds of streams under one key, timers, work, follow-up commands, and ways to go wrong. */
export type TillCommand =
  /** Refused where it would go below zero. */
  | { readonly type: 'till.add'; readonly data: { readonly amount: number } }
  /** Writes to the till and to a slip of its own. */
  | { readonly type: 'till.sell'; readonly data: { readonly slip: string; readonly amount: number } }
  | { readonly type: 'till.remind'; readonly data: { readonly reminder: string; readonly atMs: number } }
  | { readonly type: 'till.forget'; readonly data: { readonly reminder: string } }
  | { readonly type: 'till.ring'; readonly data: { readonly reminder: string } }
  /** Adds 1 `times` times, by as many commands. */
  | { readonly type: 'till.chain'; readonly data: { readonly times: number } }
  | { readonly type: 'till.break'; readonly data: { readonly how: 'decide' | 'answer' } }
  | { readonly type: 'till.count'; readonly data: Record<string, never> };

export type TillEvent =
  | { readonly type: 'till.added'; readonly data: { readonly amount: number; readonly balance: number } }
  | { readonly type: 'till.reminder_set'; readonly data: { readonly reminder: string; readonly atMs: number } }
  | { readonly type: 'till.reminder_gone'; readonly data: { readonly reminder: string; readonly atMs: number } }
  | { readonly type: 'slip.written'; readonly data: { readonly amount: number } }
  | { readonly type: 'till.sold'; readonly data: { readonly slip: string } };

export interface Till {
  readonly balance: number;
  readonly reminders: ReadonlyMap<string, number>;
}

export interface Slip {
  readonly amounts: readonly number[];
}

interface TillStates {
  readonly till: Till;
  readonly slip: Slip;
}

export const workQueue = 'agent.work.slips';

export const till: Aggregate<TillStates, TillCommand, TillEvent> = {
  kind: 'till',
  streams: {
    till: {
      initialState: { balance: 0, reminders: new Map() },
      evolve: evolveTill,
      timers: ({ reminders }) => [...reminders].map(([id, dueMs]) => ({ id, dueMs })),
      snapshotVersion: 1,
    },
    slip: {
      initialState: { amounts: [] },
      evolve: (state, event) => {
        return event.type === 'slip.written' ? { amounts: [...state.amounts, event.data.amount] } : state;
      },
      snapshotVersion: 1,
    },
  },
  reads: () => [],
  decide,
  due: (_stream, { id }) => ({ type: 'till.ring', data: { reminder: id } }),
};

function decide(given: Given<TillCommand>, states: StatesOf<TillStates>): Decision<TillCommand, TillEvent> {
  const { command, subject } = given;
  const stream: StreamRef<'till'> = { kind: 'till', id: subject };
  const state = states.of(stream);
  switch (command.type) {
    case 'till.add':
      return { events: [{ stream, event: added(state, command.data.amount) }], answer: { by: command.data.amount } };
    case 'till.sell': {
      const { slip, amount } = command.data;
      const written: TillEvent = { type: 'slip.written', data: { amount } };
      const slips = { kind: 'slip', id: slip };
      return {
        events: [
          { stream, event: added(state, amount) },
          { stream: slips, event: written },
        ],
        facts: [{ type: 'till.sold', data: { slip } }],
        work: [
          {
            queue: workQueue,
            stream: slips,
            work: { type: 'slip.print', data: { slip, of: given.deriveId('print') } },
          },
        ],
        answer: { slip },
      };
    }
    case 'till.remind':
      return { events: [{ stream, event: { type: 'till.reminder_set', data: command.data } }] };
    case 'till.forget':
    case 'till.ring': {
      const atMs = state.reminders.get(command.data.reminder);
      if (atMs === undefined) return { events: [] };
      const { reminder } = command.data;
      return { events: [{ stream, event: { type: 'till.reminder_gone', data: { reminder, atMs } } }] };
    }
    case 'till.chain': {
      const rest = command.data.times - 1;
      const then: readonly TillCommand[] = rest > 0 ? [{ type: 'till.chain', data: { times: rest } }] : [];
      // oxlint-disable-next-line unicorn/no-thenable -- the name of the aggregate's contract; nobody awaits a decision
      return { events: [{ stream, event: added(state, 1) }], then };
    }
    case 'till.break':
      if (command.data.how === 'decide' && !repairs.isMended) throw new TypeError('The till is broken');
      if (command.data.how === 'decide') return { events: [{ stream, event: added(state, 1) }] };
      return { events: [{ stream, event: added(state, 1) }], answer: 'x'.repeat(1_000_000) };
    case 'till.count':
      return { events: [], answer: { balance: state.balance } };
  }
}

/** A later build may decide what this one cannot. */
export const repairs = { isMended: false };

function added({ balance }: Till, amount: number): TillEvent {
  if (balance + amount < 0) throw new DomainError('TILL_EMPTY', `The till holds ${balance}`, { balance });
  return { type: 'till.added', data: { amount, balance: balance + amount } };
}

function evolveTill(state: Till, event: TillEvent): Till {
  switch (event.type) {
    case 'till.added':
      return { ...state, balance: event.data.balance };
    case 'till.reminder_set':
      return { ...state, reminders: new Map([...state.reminders, [event.data.reminder, event.data.atMs]]) };
    case 'till.reminder_gone': {
      const reminders = new Map(state.reminders);
      reminders.delete(event.data.reminder);
      return { ...state, reminders };
    }
    default:
      return state;
  }
}
