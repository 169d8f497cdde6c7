import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tellStory, type StoryEvent } from './correlation-story.js';

function event(id: string, recordTimeMs: number, changes: Partial<StoryEvent> = {}): StoryEvent {
  return {
    topic: 'agent.events',
    partition: 0,
    offset: BigInt(recordTimeMs),
    recordTimeMs,
    eventId: id,
    causationId: undefined,
    subject: id,
    ...changes,
  };
}

const told = (events: readonly StoryEvent[]) =>
  tellStory(events.toSorted((one, other) => one.recordTimeMs - other.recordTimeMs)).map(
    ({ event: { eventId }, orderedBy }) => `${eventId} ${orderedBy}`,
  );

describe('the story of a correlation id', () => {
  it('is told by time where nothing else is known', () => {
    expect(told([event('b', 2), event('a', 1)])).toEqual(['a time', 'b time']);
  });

  it('has a cause before its effect, whatever their clocks say', () => {
    const events = [event('effect', 1, { causationId: 'cause' }), event('other', 2), event('cause', 3)];
    expect(told(events)).toEqual(['cause time', 'effect causation', 'other time']);
  });

  it('has the events of an aggregate in the order of the log', () => {
    const late = event('second', 1, { subject: 'run', offset: 8n });
    expect(told([late, event('first', 2, { subject: 'run', offset: 7n })])).toEqual(['first time', 'second stream']);
  });

  it('tells a circle of causes, and an event that names itself, once each', () => {
    const circle = [event('a', 1, { causationId: 'b' }), event('b', 2, { causationId: 'a' })];
    expect(told(circle)).toHaveLength(2);
    expect(told([event('a', 1, { causationId: 'a' })])).toEqual(['a time']);
  });

  it('of five thousand events, each the cause of the one that was recorded before it, is told', () => {
    const events = Array.from({ length: 5_000 }, (_, index) =>
      event(`e${index}`, index, { causationId: `e${index + 1}` }),
    );
    expect(told(events)[0]).toBe('e4999 time');
  });

  it('holds each event once, and no effect before its cause, for any chain without circles', () => {
    const chains = fc.array(fc.record({ time: fc.nat(50), cause: fc.option(fc.nat(60)), subject: fc.nat(3) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(chains, (links) => {
        const events = links.map(({ time, cause, subject }, index) =>
          event(`e${index}`, time, {
            // An own partition each, so that order within an aggregate cannot contradict the causes.
            partition: index,
            subject: `s${subject}`,
            causationId: cause === null || cause >= index ? undefined : `e${cause}`,
          }),
        );
        const order = told(events).map((line) => line.split(' ')[0]);
        expect(order.toSorted()).toEqual(events.map(({ eventId }) => eventId).toSorted());
        for (const { eventId, causationId } of events) {
          if (causationId !== undefined) expect(order.indexOf(causationId)).toBeLessThan(order.indexOf(eventId));
        }
      }),
    );
  });
});
