import { sleep } from '@chorda/kernel';
import { RegistryUnavailableError, SchemaNotFoundError } from '../codec/errors.js';
import type { EventSchema } from '../schema/event-schema.js';
import { RegistryClient, type RegistryConnection } from './registry-client.js';
import { currentSubjects, subjectName, type CurrentSubject } from './subjects.js';

export interface SchemaRegistration {
  readonly subject: string;
  readonly id: number;
  /** `present`: the registry had this very schema already. */
  readonly outcome: 'registered' | 'present';
}

export interface RegistryOptions extends RegistryConnection {
  /** `CHORDA_TOPIC_PREFIX`. Default ''. */
  readonly topicPrefix?: string;
}

export interface RegistrationOptions extends RegistryOptions {
  /**
   * How long a registry that does not answer is asked again: one that has just come up on a busy machine leaves one of
   * a hundred requests without an answer in time, which takes 5 s to show. Default 20 s.
   */
  readonly patienceMs?: number;
  /** Ends the waiting; the last error is thrown. */
  readonly signal?: AbortSignal;
}

const retryPauseMs = 500;

/** Requests at a time: a registry that keeps its schemas in Kafka writes them one after another. */
const concurrencyMax = 4;

/**
 * Registers every current schema, under FULL_TRANSITIVE, for a command that runs before the services do.
 *
 * @throws {@link RegistryRefusedError} when the registry finds a schema incompatible: the message names the field.
 * @throws {@link RegistryUnavailableError} when it stays away for `patienceMs`. Retriable; what was registered before
 *   stays and is found `present`.
 */
export function registerSchemas(options: RegistrationOptions): Promise<readonly SchemaRegistration[]> {
  const deadlineMs = Date.now() + (options.patienceMs ?? 20_000);
  return withRegistry(options, async (registry, current) => {
    for (;;) {
      try {
        return await registerOne(registry, current);
      } catch (error) {
        const isOver = options.signal?.aborted === true || Date.now() > deadlineMs;
        if (isOver || !(error instanceof RegistryUnavailableError)) throw error;
        await sleep(retryPauseMs, options.signal);
      }
    }
  });
}

/** Registers one schema, as {@link registerSchemas} does with all: the newest version of a type that another team brought. */
export async function registerEventSchema(
  options: RegistrationOptions,
  { topic, record, avro }: Pick<EventSchema, 'topic' | 'record' | 'avro'>,
): Promise<SchemaRegistration> {
  const registry = new RegistryClient(options);
  try {
    return await registerOne(registry, { subject: subjectName(options.topicPrefix ?? '', topic, record), avro });
  } finally {
    registry.close();
  }
}

async function registerOne(
  registry: RegistryClient,
  { subject, avro }: Pick<CurrentSubject, 'subject' | 'avro'>,
): Promise<SchemaRegistration> {
  const known = await idIfThere(registry, { subject, avro });
  // The level first: the first version would otherwise come in under the registry's own. One that stands is not set
  // again: a registry that keeps its schemas in Kafka would write a record for each, at every start.
  const isLevelSet = known !== undefined && (await registry.isFullTransitive(subject));
  if (!isLevelSet) await registry.requireFullTransitive(subject);
  if (known !== undefined) return { subject, id: known, outcome: 'present' };
  return { subject, id: await registry.register(subject, avro), outcome: 'registered' };
}

export interface SchemaPresence {
  readonly subject: string;
  /** Undefined: the registry does not have the current schema. */
  readonly id: number | undefined;
}

/** What `EventCodec.connect` would find, subject by subject. */
export function checkSchemas(options: RegistryOptions): Promise<readonly SchemaPresence[]> {
  return withRegistry(options, async (registry, current) => ({
    subject: current.subject,
    id: await idIfThere(registry, current),
  }));
}

/** Whether it answers and lets us in; changes nothing. @throws what any question to it throws. */
export async function checkRegistry(connection: RegistryConnection): Promise<void> {
  const registry = new RegistryClient(connection);
  try {
    await registry.subjects();
  } finally {
    registry.close();
  }
}

async function idIfThere(
  registry: RegistryClient,
  { subject, avro }: Pick<CurrentSubject, 'subject' | 'avro'>,
): Promise<number | undefined> {
  try {
    return await registry.idOf(subject, avro);
  } catch (error) {
    if (error instanceof SchemaNotFoundError) return undefined;
    throw error;
  }
}

async function withRegistry<Result>(
  options: RegistryOptions,
  work: (registry: RegistryClient, current: CurrentSubject) => Promise<Result>,
): Promise<readonly Result[]> {
  const registry = new RegistryClient(options);
  try {
    const waiting = currentSubjects(options.topicPrefix ?? '').entries();
    const results: Result[] = [];
    const worker = async (): Promise<void> => {
      for (const [index, current] of waiting) results[index] = await work(registry, current);
    };
    await Promise.all(Array.from({ length: concurrencyMax }, worker));
    return results;
  } finally {
    registry.close();
  }
}
