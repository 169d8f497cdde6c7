import { sleep } from '@chorda/kernel';
import { listGenerations, signatureOf, type Generation } from './generations.js';
import type { RebuildParts } from './rebuild-parts.js';
import { rebuildStore } from './rebuild-store.js';
import { Rebuild } from './rebuild.js';

const everyMs = 1_000;

export interface SupervisorParts extends RebuildParts {
  /** What the runner of this process serves now; undefined while it starts. */
  readonly served: () => string | undefined;
  /** Other generations serve than the runner knows: it claims anew. */
  readonly onServingChanged: () => void;
}

/**
 * Takes up rebuilds that nobody looks after, asks for those that newer code needs, and tells the runner when other
 * generations are to be served. Every projector has one; a lease says whose a rebuild is.
 */
export class RebuildSupervisor {
  private readonly rebuilds = new Map<Rebuild, Promise<void>>();
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly parts: SupervisorParts) {}

  start(): void {
    this.running = this.run();
  }

  /** What is in hand is finished or rolled back, and the lease given back. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
    for (const rebuild of this.rebuilds.keys()) rebuild.stop();
    await Promise.all(this.rebuilds.values());
  }

  private async run(): Promise<void> {
    const { logger } = this.parts;
    for (; !this.ending.signal.aborted; await sleep(everyMs, this.ending.signal)) {
      try {
        await this.look();
      } catch (error) {
        logger.warn('Cannot look for rebuilds; trying again', { error });
      }
    }
  }

  private async look(): Promise<void> {
    const { pool, owner } = this.parts;
    const known = await listGenerations(pool);
    const served = this.parts.served();
    if (served !== undefined && served !== signatureOf(known)) this.parts.onServingChanged();
    for (const name of this.outdated(known)) {
      if (await rebuildStore.requestUpgrade(pool, name)) {
        this.parts.logger.info('The code has a newer version than the live one: a rebuild is asked for', {
          projection: name,
        });
      }
    }
    const mine = [...this.rebuilds.keys()].map(({ id }) => id);
    for (const record of await rebuildStore.take(pool, owner, mine)) this.begin(new Rebuild(this.parts, record));
  }

  private begin(rebuild: Rebuild): void {
    const { logger } = this.parts;
    const running = rebuild
      .run()
      .catch((error: unknown) => logger.error('A rebuild ended unexpectedly', { error }))
      .finally(() => this.rebuilds.delete(rebuild));
    this.rebuilds.set(rebuild, running);
  }

  /** Projections of which this code has a version above the live one. */
  private outdated(known: readonly Generation[]): readonly string[] {
    const names = new Set(this.parts.codes.map(({ name }) => name));
    return [...names].filter((name) => {
      const live = known.find(({ projection, isLive }) => projection === name && isLive);
      return live && this.parts.codes.some((code) => code.name === name && code.version > live.codeVersion);
    });
  }
}
