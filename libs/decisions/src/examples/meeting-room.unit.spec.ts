import { describe, it } from 'vitest';
import { aggregateSpec } from '../testing/aggregate-spec.js';
import { meetingRoom, type RoomCommand } from './meeting-room.aggregate.js';

const book = (by: string, minutes: number): RoomCommand => ({ type: 'room.book', data: { by, minutes } });
const leave = (by: string): RoomCommand => ({ type: 'room.leave', data: { by } });
const minuteMs = 60_000;

describe('a meeting room', () => {
  const { given } = aggregateSpec(meetingRoom, 'room-7');

  it('is taken while somebody has it', () => {
    given([book('ada', 30)])
      .when(book('bob', 10))
      .thenRefused('ROOM_TAKEN');
  });

  it('is free again when its time is over, and not before', () => {
    given([book('ada', 30)])
      .when({ passMs: 29 * minuteMs })
      .thenNothing();
    given([book('ada', 30)])
      .when({ passMs: 31 * minuteMs })
      .then([{ type: 'room.freed', data: { by: 'ada', reason: 'time_is_over' } }]);
  });

  it('is left once, however often somebody says so', () => {
    given([book('ada', 30), leave('ada')])
      .when(leave('ada'))
      .thenNothing();
  });
});
