import type { CommandCodec } from '@chorda/contracts';
import { CommandDoor, DecisionAdmission, OutcomeWaiter } from '@chorda/decisions';
import type { KafkaDriver, Producer } from '@chorda/messaging';
import type { AppHost } from '@chorda/platform';
import type { CommandParts } from '../agents/open-decisions.js';
import type { GatewayEnv } from '../gateway.env.js';
import { gatewayPool } from '../gateway-pool.js';

interface ScheduleDecisionNeeds {
  readonly driver: KafkaDriver;
  readonly producer: Producer;
  readonly commands: CommandCodec;
  readonly host: AppHost;
}

/** The way to the decision engine of schedules. */
export function openScheduleDecisions(
  env: GatewayEnv,
  { driver, producer, commands, host }: ScheduleDecisionNeeds,
  closing: (() => Promise<unknown> | void)[],
): CommandParts {
  const pool = gatewayPool(env, 'schedules', { connectionsMax: 2, keyLookupsOnly: true });
  closing.push(() => pool.end());
  const { logger, metrics } = host;
  const common = { ...{ pool, driver, metrics, logger }, kind: 'schedule' };
  const outcomes = new OutcomeWaiter({ ...common, databaseUrl: env.DATABASE_URL, eventTopic: 'schedule.events' });
  closing.push(() => outcomes.close());
  outcomes.start();
  const admission = new DecisionAdmission({ ...common, commandTopic: 'schedule.commands' });
  closing.push(() => admission.close());
  admission.start();
  const door = new CommandDoor(producer, outcomes, admission);
  return { codec: commands, door, outcomes, waitMs: env.CHORDA_COMMAND_WAIT_MS };
}
