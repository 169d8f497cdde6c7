import { randomBytes } from 'node:crypto';
import type { Provider, Type } from '@nestjs/common';
import { DeltaCodec, type CommandCodec, type EventCodec } from '@chorda/contracts';
import type { KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import { registryConnection, type AppHost } from '@chorda/platform';
import { InferenceReader, WorkerPresence } from '@chorda/read-models';
import type pg from 'pg';
import type { GatewayEnv } from '../gateway.env.js';
import type { IdempotentAnswers } from '../idempotency/idempotent-answers.js';
import type { RateLimits } from '../limits/rate-limits.js';
import { InferenceController } from './inference.controller.js';
import { InferenceDesk } from './inference-desk.js';
import { InferenceFeed } from './inference-feed.js';
import { InferenceMetrics } from './inference.metrics.js';
import { InferenceWaits } from './inference-waits.js';
import { JobStreams } from './job-streams.js';
import { ModelList } from './model-list.js';
import { OpenAiController } from './openai/openai.controller.js';
import { OpenAiDoor } from './openai/openai-door.js';
import { OutcomeLookup } from './outcome-lookup.js';
import { RecentAsks } from './recent-asks.js';
import { TokenShelf } from './token-shelf.js';

/** What the doors to inference are made of, opened before Nest is. */
export interface InferenceParts {
  readonly desk: InferenceDesk;
  readonly feed: InferenceFeed;
  readonly door: OpenAiDoor;
  readonly lookup: OutcomeLookup;
  readonly recent: RecentAsks;
  readonly streams: JobStreams;
  readonly models: ModelList;
}

interface InferenceNeeds {
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly events: EventCodec;
  readonly commands: CommandCodec;
  readonly pool: pg.Pool;
  readonly limits: RateLimits;
  readonly answers: IdempotentAnswers;
  readonly host: AppHost;
}

/** A request to a broker costs the two of us half a millisecond of processor time, and a model's answer takes a hundred. */
const producerRequestEveryMs = 5;

export const inferenceControllers: readonly Type[] = [InferenceController, OpenAiController];

export async function openInference(
  env: GatewayEnv,
  needs: InferenceNeeds,
  closing: (() => Promise<unknown> | void)[],
): Promise<InferenceParts> {
  const { driver, admin, events, commands, pool, limits, answers, host } = needs;
  const { logger } = host;
  const deltas = await DeltaCodec.connect({ ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX });
  closing.push(() => deltas.close());
  // Its own, so that what gathers here holds up nobody else.
  const producer = await driver.createProducer({ requestEveryMs: producerRequestEveryMs });
  closing.push(() => producer.close());
  const metrics = new InferenceMetrics(host.metrics);
  const waitLimits = {
    waitersMax: env.CHORDA_INFERENCE_WAITERS_MAX,
    tenantWaitersMax: env.CHORDA_INFERENCE_TENANT_WAITERS_MAX,
  };
  const waits = new InferenceWaits(waitLimits, metrics);
  const shelf = new TokenShelf(env.CHORDA_INFERENCE_TOKENS_BYTES_MAX, metrics);
  const group = `gateway.inference-${randomBytes(6).toString('hex')}`;
  const feed = new InferenceFeed({ ...{ driver, admin, events, deltas, waits, shelf, metrics, logger, group } });
  closing.push(() => feed.stop());
  await feed.start();
  const reader = new InferenceReader(pool);
  const lookup = new OutcomeLookup(reader, events, waits, metrics, logger, env.CHORDA_INFERENCE_LOOKUP_MS);
  closing.push(() => lookup.stop());
  lookup.start();
  const recent = new RecentAsks();
  const settings = {
    deadlineMs: env.CHORDA_INFERENCE_DEADLINE_MS,
    deadlineMsMax: env.CHORDA_INFERENCE_DEADLINE_MS_MAX,
  };
  const desk = new InferenceDesk({
    ...{ producer, events, commands, waits, recent, limits, metrics, settings, logger },
  });
  const clientBytesMax = env.CHORDA_INFERENCE_CLIENT_BYTES_MAX;
  return {
    ...{ desk, feed, lookup, recent },
    door: new OpenAiDoor({
      ...{ desk, answers, metrics, clientBytesMax, graceMs: env.CHORDA_INFERENCE_LOOKUP_MS + 1_000 },
      presence: new WorkerPresence(reader, env.CHORDA_INFERENCE_ABSENT_MS),
    }),
    streams: new JobStreams({ waits, shelf, metrics, clientBytesMax, heartbeatMs: env.CHORDA_TAIL_HEARTBEAT_MS }),
    models: new ModelList(reader),
  };
}

export function inferenceProviders({
  desk,
  door,
  lookup,
  recent,
  streams,
  models,
}: InferenceParts): readonly Provider[] {
  return [
    { provide: InferenceDesk, useValue: desk },
    { provide: OpenAiDoor, useValue: door },
    { provide: OutcomeLookup, useValue: lookup },
    { provide: RecentAsks, useValue: recent },
    { provide: JobStreams, useValue: streams },
    { provide: ModelList, useValue: models },
  ];
}
