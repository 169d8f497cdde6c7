import { randomBytes } from 'node:crypto';
import type { Provider } from '@nestjs/common';
import type { EventCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import type { Registry } from 'prom-client';
import type { Authenticator } from '../auth/authenticator.js';
import type { GatewayEnv } from '../gateway.env.js';
import { gatewayDriver, gatewaySettings } from '../gateway.tokens.js';
import type { RateLimits } from '../limits/rate-limits.js';
import { CredentialWatch } from './credential-watch.js';
import { FilterBudget } from './filter-budget.js';
import { RecordOpener } from './record-opener.js';
import { TailSockets } from './socket/tail-sockets.js';
import { StreamAdmission } from './stream-admission.js';
import type { StreamSettings } from './stream.controller.js';
import { admitSocket } from './tail-door.js';
import { identityOfLog, TailFeed } from './tail-feed.js';
import { TailHistoryService } from './tail-history.service.js';
import { TailHub } from './tail-hub.js';
import { TailRing } from './tail-ring.js';
import { TailMetrics } from './tail.metrics.js';

/** How often a connected client's key is looked up again. */
const recheckMs = 1_000;
const authenticationMsMax = 5_000;

interface TailNeeds {
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly codec: EventCodec;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** The live tail as it is opened before Nest: what reads the log, and what clients meet. */
export interface OpenTail {
  readonly hub: TailHub;
  readonly feed: TailFeed;
  readonly opener: RecordOpener;
  readonly metrics: TailMetrics;
  readonly admission: StreamAdmission;
  readonly settings: StreamSettings;
  readonly driver: KafkaDriver;
}

/** Clients meet it when {@link meetClients} has put it together with who lets them in. */
export async function openTail(env: GatewayEnv, needs: TailNeeds): Promise<OpenTail> {
  const { driver, admin, codec, registry, logger } = needs;
  const metrics = new TailMetrics(registry);
  const limits = { eventsMax: env.CHORDA_TAIL_EVENTS_MAX, bytesMax: env.CHORDA_TAIL_BYTES_MAX };
  const ring = new TailRing(limits, await identityOfLog(admin));
  const budget = new FilterBudget({ tenantCostMax: env.CHORDA_TAIL_FILTER_COST_MAX });
  const hub = new TailHub(ring, budget, metrics);
  const opener = new RecordOpener(codec, metrics, logger);
  const group = `gateway.tail-${randomBytes(6).toString('hex')}`;
  const restAfterMs = env.CHORDA_TAIL_REST_AFTER_MS;
  const feed = new TailFeed({ driver, admin, opener, hub, metrics, logger, group, restAfterMs });
  const bounds = {
    clientsMax: env.CHORDA_TAIL_CLIENTS_MAX,
    clientsOfTenantMax: env.CHORDA_TAIL_TENANT_CLIENTS_MAX,
    clientsOfKeyMax: env.CHORDA_TAIL_KEY_CLIENTS_MAX,
  };
  const settings = {
    slowMsMax: env.CHORDA_TAIL_SLOW_MS_MAX,
    queuedBytesMax: env.CHORDA_TAIL_CLIENT_BYTES_MAX,
    heartbeatMs: env.CHORDA_TAIL_HEARTBEAT_MS,
  };
  return { hub, feed, opener, metrics, admission: new StreamAdmission(bounds, metrics), settings, driver };
}

/** What the controller of the tail is given. */
export function tailProviders(tail: OpenTail, authenticator: Authenticator): readonly Provider[] {
  return [
    { provide: TailHub, useValue: tail.hub },
    { provide: TailFeed, useValue: tail.feed },
    { provide: TailMetrics, useValue: tail.metrics },
    { provide: RecordOpener, useValue: tail.opener },
    { provide: StreamAdmission, useValue: tail.admission },
    { provide: gatewayDriver, useValue: tail.driver },
    { provide: gatewaySettings, useValue: tail.settings },
    {
      provide: CredentialWatch,
      useFactory: () => new CredentialWatch((token) => authenticator.credentialOf(token), recheckMs),
    },
    TailHistoryService,
  ];
}

interface ClientNeeds {
  readonly authenticator: Authenticator;
  readonly limits: RateLimits;
  readonly watch: CredentialWatch;
  readonly history: TailHistoryService;
  readonly logger: Logger;
}

/** The door for WebSockets. */
export function openSockets(env: GatewayEnv, tail: OpenTail, needs: ClientNeeds): TailSockets {
  const { authenticator, limits, watch, history, logger } = needs;
  const { hub, metrics, admission, settings } = tail;
  const door = { authenticator, limits, admission, watch, feed: tail.feed };
  return new TailSockets({
    hub,
    history,
    metrics,
    logger,
    settings: { ...settings, subscriptionsMax: env.CHORDA_TAIL_SUBSCRIPTIONS_MAX, authenticationMsMax },
    origins: env.CHORDA_WS_ORIGINS,
    assertOpen: () => admission.assertOpen(),
    admit: (token, leave) => admitSocket(door, token, leave),
  });
}
