import { BackboneError, sleep } from '@chorda/kernel';
import { crashPoint, isPlanted } from '@chorda/platform';
import { inTransaction, isDatabaseAway, type RebuildReport, type RebuildState } from '@chorda/read-models';
import type pg from 'pg';
import { PartitionFencedError } from '../runner/errors.js';
import type { Projection } from '../runner/projection.js';
import { namesPlaces } from './carry-over.js';
import { compareGenerations } from './compare-generations.js';
import {
  beginGeneration,
  holdCheckpoints,
  removeGeneration,
  showGeneration,
  SwapBlockedError,
  underLock,
  untilUnlocked,
} from './generation-swap.js';
import { firstMadeVersion, listGenerations, onGeneration, type Generation } from './generations.js';
import { readBounds, type Bounds } from './rebuild-bounds.js';
import { RebuildFilling, type Haste } from './rebuild-filling.js';
import { forgetRebuild, showState } from './rebuild-metrics.js';
import type { RebuildParts } from './rebuild-parts.js';
import { RebuildLeaseLostError, rebuildStore, type RebuildChange, type RebuildRecord } from './rebuild-store.js';

const beatMs = 1_000;
const logEveryMs = 10_000;
/** Both generations are brought to the same offsets while live is held: so long at most, then it goes on and another try follows. */
const heldMsMax = 1_500;
const meetTriesMax = 30;
/** Runners look once a second which generations serve; after this one that is not served any more is written by nobody. */
const retiredMs = 5_000;
/** After so long a swap that readers blocked is tried again. */
const blockedMs = 60_000;
const backoffMsMax = 10_000;

/** Something that a person has to decide or mend; the rebuild stands until it is resumed or cancelled. */
class RebuildFailure extends Error {}

/**
 * One rebuild, from its request to its end. Each state is stored before the next step is taken, and each step may be
 * taken twice, so that a process that is killed anywhere is followed by one that goes on from the row.
 *
 * - `requested`: entered by a person, or by a projector whose code is newer than the live version. Left when the tables of
 *   the new generation are made, in one transaction with its row.
 * - `filling`: partitions are claimed under the new version (an epoch fences whoever filled before) and filled from the
 *   log up to where live stands, rows and checkpoint in one transaction. Left when nothing is behind.
 * - `catching_up`: live is held for a moment at its checkpoints, the rest is filled, and a snapshot is taken in which both
 *   stand at the same offsets. Left with that snapshot.
 * - `comparing`: in the snapshot, while live goes on. Entered anew by a process that finds it, as `catching_up`.
 * - `ready`, `mismatch`: the new tables follow live. Left by a swap or a cancel.
 * - `swapped`: view, live version and state were moved in one transaction in which both stood at the same offsets. The new
 *   tables are followed until each partition's runner has claimed them; from then on the runner applies each batch to
 *   both. Left by a swap back, or by dropping the old when their time is over.
 * - `swapped_back`: the same with the other tables shown.
 * - `done`, `cancelled`: the tables that are not shown are gone. `failed`: nothing is written until it is resumed.
 */
export class Rebuild {
  private filling: RebuildFilling | undefined;
  private bounds: Bounds | undefined;
  private readonly ending = new AbortController();
  /** Aborts the filling in hand: a cancel must not wait for the end of the log. */
  private passing = new AbortController();
  private measured = { atMs: performance.now(), done: 0n, total: 0n, perSecond: 0, livePerSecond: 0 };
  private loggedMs = 0;
  private faults = 0;
  private swapAgainMs = 0;

  constructor(
    private readonly parts: RebuildParts,
    private record: RebuildRecord,
  ) {}

  get id(): string {
    return this.record.rebuildId;
  }

  stop(): void {
    this.ending.abort();
    this.passing.abort();
  }

  /** Until it is done, cancelled, another's, or stopped. */
  async run(): Promise<void> {
    const { pool, metrics } = this.parts;
    const beating = this.beat();
    try {
      while (!this.ending.signal.aborted && !this.isOver()) {
        showState(metrics, this.record.projection, this.record.state);
        await this.attempt();
      }
    } finally {
      const isStopped = this.ending.signal.aborted;
      this.stop();
      await beating;
      forgetRebuild(metrics, this.record.projection);
      if (isStopped) await rebuildStore.release(pool, this.record).catch(() => undefined);
    }
  }

  private isOver(): boolean {
    return this.record.state === 'done' || this.record.state === 'cancelled';
  }

  /** Keeps the lease, shows progress and learns what is wanted, also while a step takes long. */
  private async beat(): Promise<void> {
    const { pool, logger } = this.parts;
    for (; !this.ending.signal.aborted; await sleep(beatMs, this.ending.signal)) {
      try {
        const progress = this.measure();
        const seen = await rebuildStore.renew(pool, this.record, progress);
        if (seen === undefined) {
          if (!this.isOver()) logger.warn('A rebuild is another process now', { projection: this.record.projection });
          return this.stop();
        }
        // The state is moved by the steps alone; a beat that was on its way meanwhile knows an older one.
        this.record = { ...this.record, wanted: seen.wanted, isKeepOver: seen.isKeepOver };
        if (seen.wanted === 'cancel') this.passing.abort();
        // A pass takes as long as the log is long: live goes on meanwhile, and what it adds must be outrun.
        if (this.record.state === 'filling' && this.filling) await this.readBounds();
      } catch (error) {
        logger.warn('Cannot keep the lease of a rebuild; trying again', { error });
      }
    }
  }

  private async attempt(): Promise<void> {
    const { logger } = this.parts;
    const { projection } = this.record;
    try {
      await this.step();
      this.faults = 0;
    } catch (error) {
      if (this.ending.signal.aborted) return;
      if (error instanceof RebuildLeaseLostError) return this.stop();
      this.filling = undefined;
      if (isPassing(error)) {
        logger.warn('A rebuild waits and will try again', { projection, error });
        await sleep(Math.min(200 * 2 ** this.faults++, backoffMsMax), this.ending.signal);
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      logger.error('A rebuild has failed; resume or cancel it', { projection, error });
      await this.change({ state: 'failed', reason }).catch(() => undefined);
    }
  }

  private async step(): Promise<void> {
    if (this.record.wanted === 'cancel' && isBeforeSwap(this.record.state)) return this.cancel();
    this.passing = new AbortController();
    switch (this.record.state) {
      case 'requested':
        return this.begin();
      case 'filling':
        return this.fill();
      case 'catching_up':
      case 'comparing':
        return this.compare();
      case 'ready':
      case 'mismatch':
        return this.follow();
      case 'swapped':
      case 'swapped_back':
        return this.keep();
      case 'failed':
        if (this.record.wanted === 'resume') return this.change({ state: 'filling', reason: null }, 'resume');
        return this.rest();
      case 'done':
      case 'cancelled':
    }
  }

  private async begin(): Promise<void> {
    const { pool, codes, logger } = this.parts;
    const { projection } = this.record;
    const { made, model } = await this.chooseGeneration(await listGenerations(pool), codes);
    this.record = await inTransaction(pool, async (tx) => {
      await beginGeneration(tx, made, model);
      return rebuildStore.change(tx, this.record, { state: 'filling', toVersion: made.version, isStarted: true });
    });
    logger.info('A rebuild begins', { projection, to_version: made.version, table: made.tableName });
  }

  /** The newest version of the code where it is not live yet; else more tables for the code that is live. */
  private async chooseGeneration(
    known: readonly Generation[],
    codes: readonly Projection[],
  ): Promise<{ readonly made: Generation; readonly model: string }> {
    const { projection } = this.record;
    const own = known.filter((each) => each.projection === projection);
    const live = own.find(({ isLive }) => isLive);
    const versions = codes
      .filter(({ name }) => name === projection)
      .toSorted((one, other) => other.version - one.version);
    const newest = versions[0];
    if (live === undefined || newest === undefined)
      throw new RebuildFailure(`This projector has no code of ${projection}`);
    const codeVersion = Math.max(newest.version, live.codeVersion);
    const code = versions.find(({ version }) => version === codeVersion);
    if (code === undefined)
      throw new RebuildFailure(`This projector is older than version ${codeVersion} of ${projection}`);
    const model = code.table.name;
    const free = own.find((each) => each.codeVersion === codeVersion && each.role === 'idle' && !each.isLive);
    if (free) return { made: free, model };
    if (code.onTable === undefined)
      throw new RebuildFailure(`${projection} cannot be given other tables: it has no onTable`);
    const version = Math.max(firstMadeVersion - 1, ...own.map((each) => each.version)) + 1;
    const tableName = `${model}_r${version}`;
    return {
      made: { projection, version, codeVersion, tableName, madeBy: 'rebuild', role: 'filling', isLive: false },
      model,
    };
  }

  private async fill(): Promise<void> {
    await this.parts.fillSlot.use(async () => this.pass());
    if (this.passing.signal.aborted || this.filling === undefined || this.bounds === undefined) return;
    if (this.filling.behind(await this.readBounds()).length > 0) return;
    await rebuildStore.renew(this.parts.pool, this.record, this.measure());
    await this.change({ state: 'catching_up', isFilled: true });
  }

  /** One look at where live stands, and everything up to there. */
  private async pass(haste: Haste = 'beside live'): Promise<void> {
    if (this.passing.signal.aborted) return;
    const filling = await this.claimed();
    await filling.fillUpTo(await this.readBounds(), this.passing.signal, haste);
  }

  private async readBounds(client: pg.ClientBase | pg.Pool = this.parts.pool): Promise<Bounds> {
    const { projection, fromVersion } = this.record;
    this.bounds = await readBounds(client, projection, fromVersion, await this.isOldServed());
    return this.bounds;
  }

  private async compare(): Promise<void> {
    const { comparePool, metrics, logger } = this.parts;
    const { old, made } = await this.generations();
    const snapshot = await comparePool.connect();
    try {
      await this.meet(async () => {
        await snapshot.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        await snapshot.query('SELECT count(*) FROM checkpoints');
      });
      await this.change({ state: 'comparing' });
      const projection = (await this.claimed()).projection;
      const byRow = old.codeVersion === made.codeVersion;
      const report = await compareGenerations(snapshot, {
        old,
        new: made,
        key: projection.table.key,
        byRow,
        hasPlaces: namesPlaces(projection.table),
        keptFromMs: projection.days?.keptFromMs(Date.now()),
      });
      metrics.comparisons.inc({ projection: projection.name, result: resultOf(report) });
      logger.info('A rebuild was compared with the live tables', { projection: projection.name, ...summaryOf(report) });
      await this.afterComparing(report);
    } finally {
      // The next one begins in a session without a transaction, whatever became of this one.
      snapshot.release(true);
    }
  }

  private async afterComparing(report: RebuildReport): Promise<void> {
    if (report.by_row && !report.equal && !isPlanted('rebuild-swap-uncompared')) {
      const reason = `The new tables differ from the live ones in ${report.tenants_that_differ.length} tenants`;
      return this.change({ state: 'mismatch', report, reason });
    }
    await this.change({ state: 'ready', report, reason: null });
    if (this.record.swapWhenEqual && this.record.wanted !== 'cancel') await this.swap();
  }

  /** Until somebody wants something. The new tables stay near the live ones, so that a swap takes moments. */
  private async follow(): Promise<void> {
    const { wanted, state, swapWhenEqual } = this.record;
    if (wanted === 'swap') return this.swap();
    // Found so after a kill in the swap, or readers were in its way.
    if (state === 'ready' && swapWhenEqual && wanted === undefined && performance.now() >= this.swapAgainMs) {
      return this.swap();
    }
    await this.pass();
    await this.rest();
  }

  private async swap(): Promise<void> {
    const { parts } = this;
    const { projection } = this.record;
    const { made } = await this.generations();
    const { topics } = (await this.claimed()).projection;
    const keepHours = parts.settings.keepHours;
    try {
      await untilUnlocked(parts, projection, () =>
        this.meet(async (tx) => {
          await showGeneration(tx, made, topics);
          this.record = await rebuildStore.change(
            tx,
            this.record,
            { state: 'swapped', isSwapped: true, keepHours, reason: null },
            'swap',
          );
        }),
      );
    } catch (error) {
      await this.readAnew();
      if (!(error instanceof SwapBlockedError)) throw error;
      this.swapAgainMs = performance.now() + blockedMs;
      return rebuildStore.refuse(parts.pool, this.record, 'swap', error.message);
    }
    crashPoint('rebuild-after-swap');
    parts.logger.info('Readers see the new tables', { projection, version: made.version, table: made.tableName });
  }

  /**
   * Runs `work` while both generations stand at the same offsets: the checkpoints of the old are held, what is missing is
   * filled, and where that takes too long live goes on and it is tried again.
   */
  private async meet(work: (tx: pg.PoolClient) => Promise<void>): Promise<void> {
    const { lockPool } = this.parts;
    const { projection, fromVersion } = this.record;
    if (isPlanted('rebuild-swap-behind')) return underLock(lockPool, work);
    for (let tries = 1; ; tries++) {
      await this.pass();
      const filling = await this.claimed();
      const hasMet = await underLock(lockPool, async (tx) => {
        await holdCheckpoints(tx, projection, [fromVersion]);
        const bounds = await this.readBounds(tx);
        const signal = AbortSignal.any([AbortSignal.timeout(heldMsMax), this.passing.signal]);
        await filling.fillUpTo(bounds, signal, 'full speed');
        if (filling.behind(bounds).length > 0) return false;
        await work(tx);
        return true;
      });
      if (hasMet) return;
      if (this.passing.signal.aborted) throw new PassAbortedError();
      if (tries >= meetTriesMax) throw new RebuildFailure(`It did not catch up with live in ${tries} tries`);
    }
  }

  private async keep(): Promise<void> {
    const { wanted, isKeepOver, state } = this.record;
    if (wanted === 'drop_old' || isKeepOver) return this.drop();
    if (wanted === 'cancel' || wanted === 'resume') {
      return rebuildStore.refuse(this.parts.pool, this.record, wanted, `It was ${state} already`);
    }
    if (wanted === 'swap_back' || (wanted === 'swap' && state === 'swapped_back')) return this.exchange(wanted);
    // Until a runner has claimed the new generation, nobody else applies what comes, and readers see it.
    if (this.filling === undefined || this.filling.places.some(({ isHandedOver }) => !isHandedOver)) {
      await this.pass('full speed');
    }
    await this.rest(100);
  }

  /** Both generations are applied in one transaction a batch, so they stand at the same offsets wherever they are held. */
  private async exchange(wanted: 'swap' | 'swap_back'): Promise<void> {
    const { lockPool, pool, codes } = this.parts;
    const { projection } = this.record;
    const { old, made } = await this.generations();
    const shown = wanted === 'swap' ? made : old;
    const code = onGeneration(codes, shown);
    if (code === undefined) {
      return rebuildStore.refuse(
        pool,
        this.record,
        wanted,
        `Version ${shown.version} is not kept up: its code is gone`,
      );
    }
    const state = wanted === 'swap' ? 'swapped' : 'swapped_back';
    try {
      await untilUnlocked(this.parts, projection, () =>
        underLock(lockPool, async (tx) => {
          await holdCheckpoints(tx, projection, [old.version, made.version]);
          if (!(await standTogether(tx, projection, old.version, made.version))) throw new NotTogetherError();
          await showGeneration(tx, shown, code.topics);
          this.record = await rebuildStore.change(tx, this.record, { state, reason: null }, wanted);
        }),
      );
    } catch (error) {
      await this.readAnew();
      if (error instanceof SwapBlockedError) return rebuildStore.refuse(pool, this.record, wanted, error.message);
      if (!(error instanceof NotTogetherError)) throw error;
      await this.pass('full speed');
      await this.rest(100);
    }
  }

  /** First nobody serves them any more; when every runner has seen that, they go. */
  private async drop(): Promise<void> {
    const { pool, logger } = this.parts;
    const { projection } = this.record;
    const { old, made } = await this.generations();
    const gone = old.isLive ? made : old;
    if (gone.role === 'serving') {
      await pool.query(`UPDATE projection_generations SET role = 'idle' WHERE projection = $1 AND version = $2`, [
        projection,
        gone.version,
      ]);
    }
    await sleep(retiredMs, this.ending.signal);
    if (this.ending.signal.aborted) return;
    this.record = await inTransaction(pool, async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '2s'`);
      await removeGeneration(tx, gone);
      return rebuildStore.change(tx, this.record, { state: 'done', reason: null });
    });
    logger.info('The tables that are not shown any more are gone', { projection, table: gone.tableName });
  }

  private async cancel(): Promise<void> {
    const { pool, logger } = this.parts;
    const { projection, toVersion } = this.record;
    const made = (await listGenerations(pool)).find(
      (each) => each.projection === projection && each.version === toVersion,
    );
    this.record = await inTransaction(pool, async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '5s'`);
      if (made && !made.isLive) await removeGeneration(tx, made);
      return rebuildStore.change(tx, this.record, { state: 'cancelled' });
    });
    logger.info('A rebuild was cancelled, and its tables are gone', { projection });
  }

  private async claimed(): Promise<RebuildFilling> {
    if (this.filling) return this.filling;
    const { parts, record } = this;
    const { old, made } = await this.generations();
    const projection = onGeneration(parts.codes, made);
    if (projection === undefined) throw new RebuildFailure(`This projector has no code of version ${made.codeVersion}`);
    const isSame = old.codeVersion === made.codeVersion;
    const isCarried = isSame && projection.isHistory === true && namesPlaces(projection.table);
    this.filling = await RebuildFilling.claim(parts, projection, {
      connections: Math.min(record.connectionsMax ?? parts.settings.connectionsMax, parts.settings.connectionsMax),
      rateMax: record.rateMax ?? parts.settings.rateMax,
      carry: isCarried ? { old: old.tableName, made: projection.table } : undefined,
    });
    return this.filling;
  }

  private async generations(): Promise<{ readonly old: Generation; readonly made: Generation }> {
    const { projection, fromVersion, toVersion } = this.record;
    const known = await listGenerations(this.parts.pool);
    const find = (version: number | undefined) =>
      known.find((each) => each.projection === projection && each.version === version);
    const [old, made] = [find(fromVersion), find(toVersion)];
    if (!old || !made) throw new RebuildFailure(`Version ${old ? toVersion : fromVersion} of ${projection} is gone`);
    return { old, made };
  }

  private async isOldServed(): Promise<boolean> {
    const { old } = await this.generations();
    return onGeneration(this.parts.codes, old) !== undefined;
  }

  private async change(change: RebuildChange, done?: 'resume'): Promise<void> {
    this.record = await rebuildStore.change(this.parts.pool, this.record, change, done);
  }

  /** After a transaction that failed: its COMMIT may have gone through all the same. */
  private async readAnew(): Promise<void> {
    const seen = await rebuildStore.renew(this.parts.pool, this.record);
    if (seen === undefined) throw new RebuildLeaseLostError(this.record.projection);
    this.record = seen;
  }

  private measure() {
    const { filling, bounds, measured } = this;
    if (filling === undefined || bounds === undefined) return undefined;
    const { done, total } = filling.progress(bounds);
    const nowMs = performance.now();
    const seconds = Math.max(0.001, (nowMs - measured.atMs) / 1_000);
    const now = Number(done - measured.done) / seconds;
    // Of the last ten seconds, roughly: a rate of one second alone jumps with each batch.
    const perSecond = measured.done === 0n ? now : Math.max(0, measured.perSecond * 0.9 + now * 0.1);
    const added = measured.total === 0n ? 0 : Math.max(0, Number(total - measured.total) / seconds);
    const livePerSecond = measured.livePerSecond * 0.9 + added * 0.1;
    this.measured = { atMs: nowMs, done, total, perSecond, livePerSecond };
    const { projection, state } = this.record;
    const { pace } = this.parts;
    if (state === 'filling') pace.follow(livePerSecond);
    const timeShare = state === 'filling' ? pace.view.share : undefined;
    this.parts.metrics.eventsLeft.set({ projection }, Number(total - done));
    if (state === 'filling' && nowMs - this.loggedMs > logEveryMs) {
      this.loggedMs = nowMs;
      const left = total - done;
      const rates = { per_second: Math.round(perSecond), time_share: timeShare, live_delay_ms: pace.view.delayMs };
      this.parts.logger.info('A rebuild goes on', { projection, done, left, ...rates });
    }
    return { done, total, perSecond, timeShare };
  }

  private rest(ms = 500): Promise<void> {
    return this.record.wanted === undefined ? sleep(ms, this.passing.signal) : sleep(50, this.ending.signal);
  }
}

class NotTogetherError extends Error {}

/** A cancel or a stop came while the generations were brought together. */
class PassAbortedError extends Error {}

async function standTogether(tx: pg.ClientBase, projection: string, one: number, other: number): Promise<boolean> {
  const { rows } = await tx.query<{ apart: boolean }>(
    `SELECT EXISTS (
       SELECT FROM (SELECT * FROM checkpoints WHERE projection = $1 AND version = $2) a
       FULL JOIN (SELECT * FROM checkpoints WHERE projection = $1 AND version = $3) b USING (topic, partition)
       WHERE coalesce(a.next_offset, 0) <> coalesce(b.next_offset, 0)) AS apart`,
    [projection, one, other],
  );
  return rows[0]?.apart === false;
}

function isBeforeSwap(state: RebuildState): boolean {
  return state !== 'swapped' && state !== 'swapped_back' && state !== 'done' && state !== 'cancelled';
}

/** Nothing of the events and nothing that a person could mend here: Postgres, the brokers, another process. */
function isPassing(error: unknown): boolean {
  if (error instanceof RebuildFailure) return false;
  if (error instanceof PassAbortedError || error instanceof PartitionFencedError) return true;
  return (
    isDatabaseAway(error) || (error instanceof BackboneError && error.retriable && error.code !== 'PROJECTION_STOPPED')
  );
}

function resultOf({ by_row, equal }: RebuildReport): 'counted' | 'equal' | 'different' {
  if (!by_row) return 'counted';
  return equal ? 'equal' : 'different';
}

function summaryOf({ by_row, equal, rows_old, rows_new, tenants }: RebuildReport) {
  return { by_row, equal, rows_old, rows_new, tenants };
}
