import { startDecisions, type DecisionsOptions, type RunningDecisions } from '../start-decisions.js';
import type { DecisionCodec } from '../decision-codec.js';
import { meetingRoom, type RoomCommand, type RoomEvent } from './meeting-room.aggregate.js';

/** The one line that hosts it. */
export const hostRooms = (codec: DecisionCodec<RoomCommand, RoomEvent>, options: DecisionsOptions): RunningDecisions =>
  startDecisions(
    {
      aggregate: meetingRoom,
      codec,
      commandTopic: 'room.commands',
      eventTopic: 'room.events',
      group: 'rooms.decisions',
    },
    options,
  );
