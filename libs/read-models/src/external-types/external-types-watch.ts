import { addRegisteredTypes, isEventType, type EventCodec, type EventType } from '@chorda/contracts';
import { sleep, type Logger } from '@chorda/kernel';
import type { ExternalTypeRecord, ExternalTypeRepository } from './external-type.repository.js';

/** How long another process may not know of a new type. */
const pollMs = 1_000;

export interface ExternalTypesWatchParts {
  readonly types: ExternalTypeRepository;
  readonly codec: Pick<EventCodec, 'adoptRegisteredTypes'>;
  /** Types came, or have more versions; the codec knows them. Not told of what `start` found. */
  readonly onChange?: (types: readonly EventType[]) => void;
  readonly logger: Logger;
}

/** Keeps a process and its codec in step with the types that other teams register. */
export class ExternalTypesWatch {
  private known: readonly ExternalTypeRecord[] = [];
  private readonly adopted = new Map<string, number>();
  private revision = -1;
  private readonly ending = new AbortController();
  private polling: Promise<void> | undefined;
  private refreshing: Promise<void> = Promise.resolve();
  private isFailing = false;

  constructor(private readonly parts: ExternalTypesWatchParts) {}

  /** All that are known now. */
  get types(): readonly ExternalTypeRecord[] {
    return this.known;
  }

  /** Knows what there is once it resolves, and looks again every second. */
  async start(): Promise<void> {
    await this.load();
    this.polling = this.poll();
  }

  /** Looks at once; one look after another. @throws when the database or the registry does not answer. */
  refresh(): Promise<void> {
    const look = this.refreshing.catch(() => undefined).then(() => this.look());
    this.refreshing = look;
    return look;
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.polling;
    await this.refreshing.catch(() => undefined);
  }

  private async look(): Promise<void> {
    const changed = await this.load();
    if (changed.length > 0) this.parts.onChange?.(changed);
  }

  private async load(): Promise<readonly EventType[]> {
    const revision = await this.parts.types.revision();
    if (revision === this.revision) return [];
    const types = await this.parts.types.all();
    addRegisteredTypes(types.map(({ type, versions }) => ({ type, versions: versions.map(({ avro }) => avro) })));
    const changed = types.filter(({ type, versions }) => this.adopted.get(type) !== versions.length);
    const names = changed.map(({ type }) => type).filter(isEventType);
    await this.parts.codec.adoptRegisteredTypes(names);
    for (const { type, versions } of changed) this.adopted.set(type, versions.length);
    this.known = types;
    this.revision = revision;
    return names;
  }

  private async poll(): Promise<void> {
    const { signal } = this.ending;
    for (;;) {
      await sleep(pollMs, signal);
      if (signal.aborted) return;
      try {
        await this.refresh();
        this.isFailing = false;
      } catch (error) {
        if (!this.isFailing) this.parts.logger.warn('Cannot look for new event types; trying again', { error });
        this.isFailing = true;
      }
    }
  }
}
