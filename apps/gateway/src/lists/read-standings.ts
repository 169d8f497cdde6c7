import { Injectable } from '@nestjs/common';
import { encodePosition } from '@chorda/contracts';
import { sleep } from '@chorda/kernel';
import type { IncompleteReason, ProjectionStanding } from '@chorda/read-models';
import { ProjectionStandings } from '../projections/projection-standings.js';

/** Why an answer may lack something. */
export interface Incompleteness {
  readonly reason: IncompleteReason;
  readonly projection: string;
  /** For a person. */
  readonly detail: string;
}

/** How far what is read has come. */
export interface ReadStanding {
  /** Everything up to here is in the answer; undefined where nothing is known to be. */
  readonly position: string | undefined;
  /** Age of the oldest event that is not in it; undefined where the log could not be asked. */
  readonly lagMs: number | undefined;
  readonly incomplete: readonly Incompleteness[];
}

/** An event that waits longer than this makes an answer incomplete. Under load it is a fraction of a second. */
export const completeLagSecondsMax = 5;

/** How old a standing may be when it is used; while it is asked anew, one of this age still serves. */
const freshMs = 1_000;
const usableMs = 5_000;
/** A log that does not answer holds no read up for longer. */
const askedMsMax = 2_000;

interface Known {
  readonly atMs: number;
  readonly standings: readonly ProjectionStanding[];
  /** What was made of them, by the projections of a read: the same for all reads of a second. */
  readonly made: Map<string, ReadStanding>;
}

/** Where the projections of a read stand, asked at most once a second for all reads together. */
@Injectable()
export class ReadStandings {
  private known: Known | undefined;
  private asking: Promise<void> | undefined;

  constructor(private readonly standings: ProjectionStandings) {}

  /** Asked before the rows are read: they are then at least as new as it says. */
  async of(projections: readonly string[]): Promise<ReadStanding> {
    if (projections.length === 0) return { position: undefined, lagMs: undefined, incomplete: [] };
    const known = await this.current();
    if (known === undefined) return { position: undefined, lagMs: undefined, incomplete: [] };
    const name = projections.join(',');
    const made = known.made.get(name) ?? standingOf(projections, known.standings);
    known.made.set(name, made);
    return made;
  }

  private async current(): Promise<Known | undefined> {
    const ageMs = Date.now() - (this.known?.atMs ?? -Infinity);
    if (ageMs > freshMs) {
      this.asking ??= this.ask();
      if (ageMs > usableMs) await Promise.race([this.asking, sleep(askedMsMax)]);
    }
    return this.known;
  }

  private async ask(): Promise<void> {
    try {
      const standings = await this.standings.all();
      this.known = { atMs: Date.now(), standings, made: new Map() };
    } catch {
      // The read itself says that the database is away; a standing that is too old is not used.
      if (Date.now() - (this.known?.atMs ?? 0) > usableMs) this.known = undefined;
    } finally {
      this.asking = undefined;
    }
  }
}

function standingOf(projections: readonly string[], standings: readonly ProjectionStanding[]): ReadStanding {
  const read = standings.filter(({ name }) => projections.includes(name));
  const partitions = read.flatMap((standing) => standing.partitions);
  const places = partitions.flatMap(({ topic, partition, next_offset }) =>
    next_offset === '0' ? [] : [{ topic, partition, offset: BigInt(next_offset) - 1n }],
  );
  const lags = partitions.map(({ lag_seconds }) => lag_seconds);
  return {
    position: places.length === 0 ? undefined : encodePosition(places),
    lagMs: lags.includes(null) ? undefined : Math.round(1_000 * Math.max(0, ...lags.map(Number))),
    incomplete: projections.flatMap((name) =>
      whyIncomplete(
        name,
        read.find((each) => each.name === name),
      ),
    ),
  };
}

function whyIncomplete(projection: string, standing: ProjectionStanding | undefined): readonly Incompleteness[] {
  if (standing === undefined)
    return [{ reason: 'lagging', projection, detail: 'It has not begun: no projector has run it' }];
  const stopped = standing.partitions.find(({ stopped_reason }) => stopped_reason !== null);
  if (stopped !== undefined) {
    const detail = `${stopped.topic}[${stopped.partition}] stands still: ${stopped.stopped_reason}`;
    return [{ reason: 'stopped', projection, detail }];
  }
  const seconds = Math.max(0, ...standing.partitions.map(({ lag_seconds }) => lag_seconds ?? 0));
  if (seconds <= completeLagSecondsMax) return [];
  return [{ reason: 'lagging', projection, detail: `Its oldest waiting event is ${seconds.toFixed(1)} s old` }];
}
