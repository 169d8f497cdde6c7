import { describe, expect, it } from 'vitest';
import { demoDay } from './day.js';
import type { DemoEvent } from './demo-event.js';
import { DemoSender, DoorClosedError, type Door, type DoorAnswer, type SenderOptions } from './sender.js';

const day = (events: number) => demoDay({ seed: 7, startMs: Date.UTC(2026, 0, 1), events });
/** Events that need not wait for each other. */
function* unrelated(events: number): Generator<DemoEvent> {
  for (const event of day(events)) yield { ...event, subject: event.id };
}
const options = (changes: Partial<SenderOptions> = {}): SenderOptions => ({
  ratePerSecond: 0,
  batchEventsMax: 20,
  requestsInFlightMax: 8,
  patienceMs: 5_000,
  signal: new AbortController().signal,
  ...changes,
});
const acknowledged: DoorAnswer = { kind: 'acknowledged', position: 'p' };

/** A door that keeps what it took, answers late, and loses answers as told. */
class FakeDoor implements Door {
  readonly log: DemoEvent[] = [];
  requests = 0;
  private readonly open = new Set<string>();
  overlaps = 0;

  constructor(private readonly answer: (event: DemoEvent, request: number) => DoorAnswer) {}

  async send(events: readonly DemoEvent[]): Promise<readonly DoorAnswer[]> {
    const request = ++this.requests;
    for (const { subject } of events) {
      if (this.open.has(subject)) this.overlaps += 1;
      this.open.add(subject);
    }
    await new Promise((resolve) => setTimeout(resolve, (request * 7) % 5));
    const answers = events.map((event) => this.answer(event, request));
    // An unknown outcome has both endings: half of these events are in the log all the same.
    events.forEach((event, index) => {
      if (answers[index]!.kind === 'acknowledged' || request % 2 === 0) this.log.push(event);
      this.open.delete(event.subject);
    });
    return answers;
  }
}

describe('the demo sender', () => {
  it('keeps the order of each key although answers are lost and requests overlap', async () => {
    const lost = new Set<string>();
    const door = new FakeDoor((event, request) => {
      if (request % 12 !== 0 || lost.has(event.id)) return acknowledged;
      lost.add(event.id);
      return { kind: 'unknown', reason: 'lost' };
    });
    const acks: string[] = [];
    const sender = new DemoSender(day(400), door, options({ onAcknowledged: (event) => acks.push(event.id) }));
    const end = await sender.run();

    expect(lost.size).toBeGreaterThan(0);
    expect(end).toMatchObject({ end: 'done', sent: 400, acknowledged: 400, refused: 0, repeated: lost.size });
    expect(new Set(acks).size).toBe(400);
    expect(door.overlaps).toBe(0);
    const firsts = new Map<string, DemoEvent>();
    for (const event of door.log) if (!firsts.has(event.id)) firsts.set(event.id, event);
    const last = new Map<string, number>();
    for (const { subject, sequence } of firsts.values()) {
      expect(sequence).toBe((last.get(subject) ?? -1) + 1);
      last.set(subject, sequence);
    }
  });

  it('counts what is refused, goes on behind it, and says why', async () => {
    const door = new FakeDoor((event) =>
      event.type === 'workflow.started' ? { kind: 'refused', reason: 'not today' } : acknowledged,
    );
    const end = await new DemoSender(day(200), door, options()).run();
    expect(end.end).toBe('done');
    expect(end.refused).toBeGreaterThan(0);
    expect(end.acknowledged + end.refused).toBe(200);
    expect(end.refusals).toEqual(['workflow.started: not today']);
  });

  it('takes a door that throws for an unknown outcome', async () => {
    let requests = 0;
    const door: Door = {
      send: (events) =>
        ++requests === 1 ? Promise.reject(new Error('reset')) : Promise.resolve(events.map(() => acknowledged)),
    };
    const end = await new DemoSender(day(10), door, options()).run();
    expect(end).toMatchObject({ end: 'done', acknowledged: 10, lastUnknown: 'reset' });
    expect(end.repeated).toBeGreaterThan(0);
  });

  it('ends at once when the door lets nobody like us in', async () => {
    const cause = new Error('wrong key');
    const door: Door = { send: () => Promise.reject(new DoorClosedError('closed', { cause })) };
    await expect(new DemoSender(day(10), door, options()).run()).rejects.toBe(cause);
  });

  it('gives up when nothing is acknowledged for as long as its patience', async () => {
    const door: Door = { send: () => Promise.reject(new Error('away')) };
    const end = await new DemoSender(day(10), door, options({ patienceMs: 300 })).run();
    expect(end).toMatchObject({ end: 'gave_up', acknowledged: 0, lastUnknown: 'away' });
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const door = new FakeDoor(() => acknowledged);
    setTimeout(() => stop.abort(), 100);
    const end = await new DemoSender(day(10_000), door, options({ ratePerSecond: 100, signal: stop.signal })).run();
    expect(end.end).toBe('interrupted');
  });

  it('keeps its rate while the door is slow', async () => {
    const door: Door = {
      send: async (events) => {
        await new Promise((resolve) => setTimeout(resolve, 150));
        return events.map(() => acknowledged);
      },
    };
    const startMs = performance.now();
    const end = await new DemoSender(
      unrelated(100),
      door,
      options({ ratePerSecond: 200, requestsInFlightMax: 64 }),
    ).run();
    const tookMs = performance.now() - startMs;
    expect(end.acknowledged).toBe(100);
    expect(tookMs).toBeGreaterThan(480);
    // One request after the other would take 15 s.
    expect(tookMs).toBeLessThan(7_500);
  });
});
