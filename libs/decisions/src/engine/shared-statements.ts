import type { Typed } from '@chorda/domain';
import { isDatabaseAway } from '@chorda/read-models';
import type pg from 'pg';
import type { DecisionMetrics } from '../metrics.js';
import { commitTurns, type Committed, type TurnToCommit, type TurnWrites } from '../store/commit-turn.js';
import { loadGrounds, type GroundAsk, type TurnGround } from '../store/load-turn.js';
import { loadStreams, type StreamSource } from '../store/load-streams.js';
import type { PartitionClaim } from '../store/partition-row.js';
import { streamKey } from '../stream-name.js';
import type { StreamPlace, StreamState } from '../turn/turn.js';
import { DatabaseClock } from './database-clock.js';
import { Gathering } from './gathering.js';
import { commitOrPlanted } from './planted-commit.js';

/** Bytes of one statement that several turns share. */
const commitBytesMax = 4 * 1024 * 1024;
const outcomeBytes = 300;
const timersMax = 2_000;
const streamsMax = 2_000;

/**
 * What the turns of an engine's partitions ask the database, so that turns of the same moment share a statement. Sharing
 * is speed alone: each partition's turn is committed or not by how its own row stands, and where a shared statement fails,
 * each does its own part by itself, so that a fault stays with whose it is.
 */
export class SharedStatements<States, Command extends Typed, Event extends Typed> {
  readonly clock = new DatabaseClock();
  private readonly commits: Gathering<TurnToCommit, Committed>;
  private readonly grounds: Gathering<GroundAsk, TurnGround>;
  private readonly streams: Gathering<readonly StreamPlace[], ReadonlyMap<string, StreamState>>;

  constructor(
    private readonly pool: pg.Pool,
    private readonly source: StreamSource<States, Command, Event>,
    private readonly metrics: DecisionMetrics,
  ) {
    this.commits = new Gathering(
      orAlone((turns) => this.commitAll(turns)),
      { weightMax: commitBytesMax },
    );
    this.grounds = new Gathering(
      orAlone((asks) => this.groundOfAll(asks)),
      { weightMax: timersMax },
    );
    this.streams = new Gathering(
      orAlone((asks) => this.streamsOfAll(asks)),
      { weightMax: streamsMax },
    );
  }

  commit(claim: PartitionClaim, writes: TurnWrites): Promise<Committed> {
    const bytes = writes.records.reduce((sum, { body }) => sum + body.value.length, 0);
    return commitOrPlanted(this.pool, { claim, writes }, (turn) => {
      return this.commits.ask(turn, bytes + writes.outcomes.length * outcomeBytes);
    });
  }

  ground(ask: GroundAsk): Promise<TurnGround> {
    return this.grounds.ask(ask, ask.timersMax + ask.commands.length);
  }

  /** By `streamKey`. */
  load(places: readonly StreamPlace[]): Promise<ReadonlyMap<string, StreamState>> {
    return this.streams.ask(places, places.length);
  }

  private async commitAll(turns: readonly TurnToCommit[]): Promise<readonly Committed[]> {
    const { nowMs, turns: committed } = await commitTurns(this.pool, turns);
    this.clock.told(nowMs);
    this.metrics.sharedTurns.observe({ kind: this.source.aggregate.kind }, turns.length);
    return committed;
  }

  private async groundOfAll(asks: readonly GroundAsk[]): Promise<readonly TurnGround[]> {
    const grounds = await loadGrounds(this.pool, this.source.aggregate.kind, asks);
    const [first] = grounds;
    if (first) this.clock.told(first.nowMs);
    return grounds;
  }

  private async streamsOfAll(
    asks: readonly (readonly StreamPlace[])[],
  ): Promise<readonly ReadonlyMap<string, StreamState>[]> {
    const loaded = await loadStreams(this.pool, this.source, asks.flat());
    return asks.map((places) => new Map(places.flatMap((place) => [...stateFor(place, loaded)])));
  }
}

/** Two partitions may ask for one stream that is not there yet: each has it under its own subject. */
function* stateFor(
  { tenantId, subject, stream }: StreamPlace,
  loaded: ReadonlyMap<string, StreamState>,
): Generator<[string, StreamState]> {
  const key = streamKey(tenantId, stream);
  const state = loaded.get(key);
  if (state) yield [key, state.version === 0n ? { ...state, subject } : state];
}

/** Does all at once; where that fails for another reason than a database that is away, each by itself. */
function orAlone<Ask, Answer>(
  call: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
): (asks: readonly Ask[]) => Promise<readonly PromiseSettledResult<Answer>[]> {
  return async (asks) => {
    try {
      const answers = await call(asks);
      return answers.map((value) => ({ status: 'fulfilled', value }));
    } catch (error) {
      if (asks.length === 1 || isDatabaseAway(error)) throw error;
      return Promise.allSettled(asks.map(async (ask) => (await call([ask]))[0]!));
    }
  };
}
