import { DomainError, type Aggregate, type Decision, type Given, type StatesOf } from '@chorda/domain';

export type RoomCommand =
  | { readonly type: 'room.book'; readonly data: { readonly by: string; readonly minutes: number } }
  | { readonly type: 'room.leave'; readonly data: { readonly by: string } }
  | { readonly type: 'room.time_out'; readonly data: { readonly by: string } };

export type RoomEvent =
  | { readonly type: 'room.booked'; readonly data: { readonly by: string; readonly until_ms: number } }
  | { readonly type: 'room.freed'; readonly data: { readonly by: string; readonly reason: 'left' | 'time_is_over' } };

type Room = { readonly status: 'free' } | { readonly status: 'booked'; readonly by: string; readonly untilMs: number };

/** A room that one person has at a time, for as long as it was booked. */
export const meetingRoom: Aggregate<{ readonly room: Room }, RoomCommand, RoomEvent> = {
  kind: 'room',
  streams: {
    room: {
      initialState: { status: 'free' },
      evolve,
      timers: (room) => (room.status === 'booked' ? [{ id: room.by, dueMs: room.untilMs }] : []),
      snapshotVersion: 1,
    },
  },
  reads: () => [],
  decide,
  due: (_room, timer) => ({ type: 'room.time_out', data: { by: timer.id } }),
};

function decide(
  given: Given<RoomCommand>,
  states: StatesOf<{ readonly room: Room }>,
): Decision<RoomCommand, RoomEvent> {
  const stream = { kind: 'room', id: given.subject } as const;
  const room = states.of(stream);
  const { type, data } = given.command;
  switch (type) {
    case 'room.book': {
      if (room.status === 'booked') throw new DomainError('ROOM_TAKEN', `${room.by} has it`, { by: room.by });
      const until_ms = given.timeMs + data.minutes * 60_000;
      return { events: [{ stream, event: { type: 'room.booked', data: { by: data.by, until_ms } } }] };
    }
    case 'room.leave':
    case 'room.time_out': {
      // Whoever leaves twice has left; a timer of a booking that is over says nothing.
      if (room.status === 'free' || room.by !== data.by) return { events: [] };
      const reason = type === 'room.leave' ? 'left' : 'time_is_over';
      return { events: [{ stream, event: { type: 'room.freed', data: { by: data.by, reason } } }] };
    }
  }
}

function evolve(_room: Room, event: RoomEvent): Room {
  return event.type === 'room.freed'
    ? { status: 'free' }
    : { status: 'booked', by: event.data.by, untilMs: event.data.until_ms };
}
