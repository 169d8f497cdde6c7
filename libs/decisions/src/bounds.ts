/** What one turn may hold, and how long things are kept. Each has a default that was measured or reasoned, see there. */
export interface DecisionBounds {
  /** Commands decided in one transaction. Default 500. */
  readonly commandsMax: number;
  /** Bytes of commands that a turn takes. Default 1 MiB. */
  readonly commandBytesMax: number;
  /** Timers that fire in one turn, so that a crowd of them holds up no command for long. Default 200. */
  readonly timersMax: number;
  /** Bytes of events and work after which a turn takes no further command. Default 4 MiB. */
  readonly recordBytesMax: number;
  /** Events, facts and work items that one command may make, 20,000 at most: see `publication-size.ts`. Default 1,000. */
  readonly recordsOfCommandMax: number;
  /** Streams that one command may touch. Default 100. */
  readonly streamsOfCommandMax: number;
  /** Commands that follow from one, all told. Default 100. */
  readonly followUpsMax: number;
  /** Tries of a command that a fault of ours stops, before it is a dead letter. Default 3. */
  readonly attemptsMax: number;
  /** A stream's state is kept after so many events. Default 100. */
  readonly snapshotEvery: number;
  /** States that each partition holds in memory. Default 2,000. */
  readonly cachedStreamsMax: number;
  /** Outcomes are kept at least so long. Default 7 days, which is how long commands are. */
  readonly outcomesKeptMs: number;
}

export const decisionBounds: DecisionBounds = {
  commandsMax: 500,
  commandBytesMax: 1024 * 1024,
  timersMax: 200,
  recordBytesMax: 4 * 1024 * 1024,
  recordsOfCommandMax: 1_000,
  streamsOfCommandMax: 100,
  followUpsMax: 100,
  attemptsMax: 3,
  snapshotEvery: 100,
  cachedStreamsMax: 2_000,
  outcomesKeptMs: 7 * 86_400_000,
};
